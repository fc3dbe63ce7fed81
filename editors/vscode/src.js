// Starts the language server and shows what it knows that an editor has no place for.
'use strict';
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const vscode = require('vscode');
const { LanguageClient, State } = require('vscode-languageclient/node');

/** The files that the server reads. */
const FILES = [
  '**/*.{tf,tofu,tfvars}', '**/*.tf.json', '**/*.{yaml,yml,json}', '**/*Dockerfile*', '**/*Containerfile*', '**/*.{Dockerfile,dockerfile}',
  '**/*.{service,sh,tpl}', '**/Vagrantfile', '**/plimsoll.toml', '**/.plimsoll/rules/**/*.md',
];

let client;
let output;
let status;
let starting = Promise.resolve();

/** The program: the configured one, the one that came along, the one on the path. */
function program(context) {
  const inspected = vscode.workspace.getConfiguration('plimsoll').inspect('path') ?? {};
  const own = vscode.workspace.isTrusted ? inspected.workspaceFolderValue ?? inspected.workspaceValue : undefined;
  const configured = own || inspected.globalValue;
  if (configured) return configured;
  const bundled = context.asAbsolutePath(path.join('bin', process.platform === 'win32' ? 'plimsoll.exe' : 'plimsoll'));
  return fs.existsSync(bundled) ? bundled : 'plimsoll';
}

function settings() {
  const all = vscode.workspace.getConfiguration('plimsoll');
  const said = { codeLens: all.get('codeLens'), inlayHints: all.get('inlayHints') };
  for (const key of ['select', 'ignore', 'config']) {
    const value = all.get(key);
    if (value && value.length) said[key] = value;
  }
  return said;
}

function show(text, tooltip, wrong) {
  status.text = text;
  status.tooltip = tooltip;
  status.backgroundColor = wrong ? new vscode.ThemeColor('statusBarItem.errorBackground') : undefined;
  status.show();
}

async function start(context) {
  if (!vscode.workspace.getConfiguration('plimsoll').get('enable')) {
    show('$(circle-slash) Plimsoll', 'Plimsoll is switched off by its setting `enable`');
    return;
  }
  const command = program(context);
  const run = { command, args: ['server'] };
  client = new LanguageClient('plimsoll', 'Plimsoll', { run, debug: run }, {
    documentSelector: FILES.map((pattern) => ({ scheme: 'file', pattern })),
    initializationOptions: { ...settings(), commands: ['plimsoll.showExposure'] },
    synchronize: { configurationSection: 'plimsoll' },
    outputChannel: output,
  });
  client.onDidChangeState(({ newState }) => {
    if (newState === State.Starting) show('$(loading~spin) Plimsoll', `Starting ${command}`);
    if (newState === State.Running) {
      const version = client.initializeResult?.serverInfo?.version ?? '';
      show('$(shield) Plimsoll', `Plimsoll ${version}\n${command}`);
    }
    if (newState === State.Stopped) show('$(error) Plimsoll', 'Plimsoll has stopped; click to see the output', true);
  });
  try {
    await client.start();
  } catch (error) {
    show('$(error) Plimsoll', `${command} did not start: ${error.message}`, true);
    const choice = await vscode.window.showErrorMessage(
      `Plimsoll: ${command} did not start. Install it, or say where it is in the setting \`plimsoll.path\`.`, 'Open settings', 'Show output');
    if (choice === 'Open settings') vscode.commands.executeCommand('workbench.action.openSettings', 'plimsoll.path');
    if (choice === 'Show output') output.show();
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running?.needsStop()) await running.stop();
}

/** One after the other, however often it is asked for. */
function restart(context) {
  starting = starting.then(stop, stop).then(() => start(context));
  return starting;
}

function wayOf(exposure) {
  const from = exposure.from === 'internet' ? 'the internet' : exposure.from;
  const ports = exposure.ports.join(', ');
  if (exposure.verdict === 'reachable') return `reachable from ${from} on ${ports}${exposure.intended ? ` (intended: ${exposure.intended})` : ''}`;
  if (exposure.verdict === 'undecided') return `undecided, missing: ${exposure.missing.join(', ')}`;
  return `not reachable from ${from}${exposure.wall ? `: ${exposure.wall}` : ''}`;
}

/** The steps of a node's exposures; one that is chosen is shown in its file. */
async function showExposure(node) {
  if (!node) return showExposurePath();
  const rung = node.rung ? `, rung ${node.rung.number} (${node.rung.name})` : '';
  const items = [];
  for (const exposure of node.exposures) {
    items.push({ label: wayOf(exposure), kind: vscode.QuickPickItemKind.Separator });
    exposure.steps.forEach((step, at) => {
      const where = step.uri && `${vscode.workspace.asRelativePath(vscode.Uri.parse(step.uri))}:${step.range.start.line + 1}`;
      items.push({ label: `${at + 1}. ${step.message}`, description: where, step });
    });
  }
  const open = async (step, preview) => {
    if (!step?.uri) return;
    const { start, end } = step.range;
    const selection = new vscode.Range(start.line, start.character, end.line, end.character);
    await vscode.window.showTextDocument(vscode.Uri.parse(step.uri), { selection, preview: true, preserveFocus: preview });
  };
  const pick = vscode.window.createQuickPick();
  pick.title = `${node.node}${rung}`;
  pick.placeholder = 'The steps of the way; choose one to go to its line';
  pick.items = items;
  pick.onDidChangeActive(([item]) => open(item?.step, true));
  pick.onDidAccept(() => { open(pick.activeItems[0]?.step, false); pick.hide(); });
  pick.onDidHide(() => pick.dispose());
  pick.show();
}

/** Lets a person choose among the nodes of the open file. */
async function showExposurePath() {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !client) return vscode.window.showInformationMessage('Plimsoll: open a file with a workload, a machine or a service first.');
  const textDocument = { uri: client.code2ProtocolConverter.asUri(editor.document.uri) };
  const lenses = (await client.sendRequest('textDocument/codeLens', { textDocument })) ?? [];
  const items = lenses.filter((lens) => lens.command?.arguments)
    .map((lens) => ({ label: lens.command.arguments[0].node, description: lens.command.title, line: lens.range.start.line, node: lens.command.arguments[0] }));
  if (!items.length) return vscode.window.showInformationMessage('Plimsoll: nothing in this file runs or listens.');
  const here = items.filter((item) => item.line === editor.selection.active.line);
  const chosen = here.length === 1 ? here[0] : items.length === 1 ? items[0] : await vscode.window.showQuickPick(items, { title: 'Show the exposure path of' });
  if (chosen) await showExposure(chosen.node);
}

/** The report of `plimsoll boundaries` beside the editor. */
async function showBoundaries(context) {
  const folders = vscode.workspace.workspaceFolders ?? [];
  const folder = folders.length > 1 ? await vscode.window.showWorkspaceFolderPick() : folders[0];
  if (!folder) return vscode.window.showInformationMessage('Plimsoll: open a folder first.');
  const report = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title: 'Plimsoll: boundaries' }, () =>
    new Promise((done) => {
      const options = { cwd: folder.uri.fsPath, maxBuffer: 64 << 20 };
      execFile(program(context), ['boundaries', '--output-format', 'html', '.'], options, (error, html, wrong) => {
        if (html) return done(html);
        output.appendLine(`boundaries: ${wrong || error?.message}`);
        done(undefined);
      });
    }));
  if (!report) {
    const choice = await vscode.window.showErrorMessage('Plimsoll: the boundaries could not be worked out.', 'Show output');
    if (choice) output.show();
    return;
  }
  // The report is one page that needs nothing from outside.
  const policy = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:;">`;
  const panel = vscode.window.createWebviewPanel('plimsoll.boundaries', `Boundaries: ${folder.name}`, vscode.ViewColumn.Beside, { enableScripts: true });
  panel.webview.html = /<head[^>]*>/i.test(report) ? report.replace(/<head[^>]*>/i, (head) => head + policy) : policy + report;
}

async function activate(context) {
  output = vscode.window.createOutputChannel('Plimsoll');
  status = vscode.window.createStatusBarItem('plimsoll.status', vscode.StatusBarAlignment.Right, 0);
  status.name = 'Plimsoll';
  status.command = 'plimsoll.showOutput';
  const command = (name, run) => vscode.commands.registerCommand(`plimsoll.${name}`, run);
  context.subscriptions.push(
    output, status,
    command('restart', () => restart(context)),
    command('showOutput', () => output.show()),
    command('showExposure', showExposure),
    command('showExposurePath', showExposurePath),
    command('showBoundaries', () => showBoundaries(context)),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (['plimsoll.path', 'plimsoll.enable'].some((key) => event.affectsConfiguration(key))) restart(context);
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => restart(context)),
  );
  await restart(context);
}

module.exports = { activate, deactivate: stop };
