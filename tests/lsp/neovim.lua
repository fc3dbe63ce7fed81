-- What a person does in Neovim, step by step; any step that fails ends Neovim with an error.

local function step(what, holds)
  local happened = vim.wait(20000, function() return holds() end, 20)
  io.stdout:write((happened and 'ok   ' or 'FAIL ') .. what .. '\n')
  if not happened then
    io.stdout:write(vim.inspect(vim.diagnostic.get(0)) .. '\n')
    vim.cmd('cquit!')
  end
end

local function run()
  step('the server attaches', function() return #vim.lsp.get_clients({ bufnr = 0, name = 'plimsoll' }) == 1 end)
  local client = vim.lsp.get_clients({ bufnr = 0, name = 'plimsoll' })[1]
  step('the finding is shown', function() return #vim.diagnostic.get(0) == 1 end)
  local found = vim.diagnostic.get(0)[1]
  local line = vim.api.nvim_buf_get_lines(0, found.lnum, found.lnum + 1, false)[1]
  step('at the right columns', function() return line:sub(found.col + 1, found.end_col) == 'privileged: true' end)
  step('with the name of its rule', function() return found.code == 'privileged-container' and found.source == 'plimsoll' end)
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  local params = vim.lsp.util.make_position_params(0, client.offset_encoding)
  local hover = client:request_sync('textDocument/hover', params, 5000, 0)
  step('the rule is explained', function() return hover and hover.result.contents.value:find('## Good', 1, true) ~= nil end)
  vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('^Set ') ~= nil end })
  step('the fix is applied', function() return vim.api.nvim_buf_get_lines(0, 5, 6, false)[1]:find('privileged: false', 1, true) ~= nil end)
  step('the finding is gone', function() return #vim.diagnostic.get(0) == 0 end)
  vim.cmd('undo')
  step('and back', function() return #vim.diagnostic.get(0) == 1 end)
  vim.lsp.buf.code_action({ apply = true, filter = function(action) return action.title:find('^Allow ') ~= nil end })
  step('allowed with a reason', function() return #vim.diagnostic.get(0) == 0 end)
  vim.cmd('silent write')
  vim.cmd('qall!')
end

vim.schedule(function()
  local fine, message = xpcall(run, debug.traceback)
  if not fine then
    io.stdout:write(message .. '\n')
    vim.cmd('cquit!')
  end
end)
