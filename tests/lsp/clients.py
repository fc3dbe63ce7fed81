"""The language server with what several editors say about themselves, as pytest-lsp has recorded it.

Its types are generated from the protocol's model, and refuse malformed messages. `PLIMSOLL=… pytest tests/lsp/clients.py`
"""

import asyncio
import os

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n    - { name: é, securityContext: { privileged: true } }\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "plimsoll.toml").write_text('select = ["privileged-container"]\n')
    (tmp_path / "pod.yaml").write_text(POD)
    return tmp_path


@pytest_lsp.fixture(
    params=["neovim@v0.11.0", "neovim@v0.9.1", "visual_studio_code", "emacs"],
    config=ClientServerConfig(server_command=[os.environ["PLIMSOLL"], "server"]),
)
async def client(lsp_client: LanguageClient, request, root):
    # A wish that editors fulfil: to watch files.
    lsp_client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _: None)
    capabilities = client_capabilities(request.param)
    folder = types.WorkspaceFolder(uri=root.as_uri(), name="root")
    await lsp_client.initialize_session(
        types.InitializeParams(capabilities=capabilities, root_uri=root.as_uri(), workspace_folders=[folder])
    )
    lsp_client.pulls = bool(capabilities.text_document and capabilities.text_document.diagnostic)
    yield
    await lsp_client.shutdown_session()


async def found(client: LanguageClient, uri: str, count: int):
    for _ in range(200):
        if client.pulls:
            document = types.TextDocumentIdentifier(uri=uri)
            report = await client.text_document_diagnostic_async(types.DocumentDiagnosticParams(text_document=document))
            diagnostics = report.items
            assert uri not in client.diagnostics, "never both"
        else:
            diagnostics = client.diagnostics.get(uri, [])
        if len(diagnostics) == count:
            return diagnostics
        await asyncio.sleep(0.05)
    raise AssertionError(diagnostics)


@pytest.mark.asyncio
async def test_findings_pages_and_fixes(client: LanguageClient, root):
    uri = (root / "pod.yaml").as_uri()
    item = types.TextDocumentItem(uri=uri, language_id="yaml", version=1, text=POD)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))
    [finding] = await found(client, uri, 1)
    assert finding.code == "privileged-container"
    document = types.TextDocumentIdentifier(uri=uri)
    hover = await client.text_document_hover_async(types.HoverParams(text_document=document, position=finding.range.start))
    assert "## Good" in hover.contents.value
    context = types.CodeActionContext(diagnostics=[finding])
    params = types.CodeActionParams(text_document=document, range=finding.range, context=context)
    titles = [action.title for action in await client.text_document_code_action_async(params)]
    assert any(title.startswith("Allow") for title in titles), titles
    change = types.TextDocumentContentChangeWholeDocument(text=POD.replace("true", "false"))
    versioned = types.VersionedTextDocumentIdentifier(uri=uri, version=2)
    client.text_document_did_change(types.DidChangeTextDocumentParams(text_document=versioned, content_changes=[change]))
    await found(client, uri, 0)
