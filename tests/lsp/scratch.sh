# A folder for an editor to work in: a project with one finding, and the program on a path of its own. To be sourced, at the root of the
# repository; sets `here` and `scratch`, and goes to the project. The folder goes when the script ends.
here=$PWD
program=$(realpath "${PLIMSOLL:-target/release/plimsoll}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin" "$scratch/work"
ln -s "$program" "$scratch/bin/plimsoll"
printf 'select = ["privileged-container"]\n' >"$scratch/work/plimsoll.toml"
printf 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - { name: "é😀", securityContext: { privileged: true } }\n' >"$scratch/work/pod.yaml"
cd "$scratch/work"
