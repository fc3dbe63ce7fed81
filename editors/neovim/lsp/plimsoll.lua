-- The language server of Plimsoll, for Neovim 0.11 and newer: `vim.lsp.enable('plimsoll')`, which the plugin file does.

---@type vim.lsp.Config
return {
  cmd = { 'plimsoll', 'server' },
  filetypes = {
    'conf',
    'dockerfile',
    'hcl',
    'helm',
    'json',
    'opentofu',
    'opentofu-vars',
    'ruby',
    'sh',
    'systemd',
    'terraform',
    'terraform-vars',
    'tf',
    'toml',
    'yaml',
    'yaml.docker-compose',
    'yaml.helm-values',
  },
  root_markers = { 'plimsoll.toml', '.plimsoll', '.git' },
}
