-- Turns the server on where it is installed. `vim.g.plimsoll = false` before start-up keeps it off.

if vim.g.plimsoll == false or vim.g.loaded_plimsoll or not vim.lsp.enable then
  return
end
vim.g.loaded_plimsoll = true

-- Neovim takes files that end in `.tf` for those of another program as long as they are empty.
vim.filetype.add({ extension = { tf = 'terraform', tofu = 'opentofu', tfvars = 'terraform-vars' } })

if vim.fn.executable('plimsoll') == 1 or vim.lsp.config.plimsoll.cmd[1] ~= 'plimsoll' then
  vim.lsp.enable('plimsoll')
end
