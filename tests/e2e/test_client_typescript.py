"""The TypeScript client by itself: types, unit tests, size, adapters for waveform libraries."""

import json
import re
from pathlib import Path

from tests.support.clients import TYPESCRIPT, run_node
from tests.support.documents import README, snippets

_LIMIT = 8_000  # bytes
_ENTRIES = {"": "index.ts", "/react": "react.ts", "/testing": "testing/index.ts"}


async def test_digests_faults_and_signatures_are_right() -> None:
    out = await run_node(TYPESCRIPT, "--import", "tsx", "--test", "test/vectors.test.ts", "test/signatures.test.ts")

    assert re.search(r"^# pass \d{2,}$", out, re.MULTILINE)


async def test_the_client_is_smaller_than_8_kb() -> None:
    sizes = [int(line.split()[0]) for line in (await run_node(TYPESCRIPT, "scripts/size.mjs")).splitlines()]

    assert max(sizes) < _LIMIT


async def test_an_app_has_no_dependency_from_the_package() -> None:
    package = json.loads((TYPESCRIPT / "package.json").read_text())

    assert package.keys().isdisjoint({"dependencies", "peerDependencies", "optionalDependencies"})


async def test_wrong_recipes_do_not_compile_and_the_snippets_do(tmp_path: Path) -> None:
    """`test/types.ts` marks each line that must be an error: one that is none is an error itself."""
    marked = (TYPESCRIPT / "test" / "types.ts").read_text().count("@ts-expect-error")
    (tmp_path / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    for language in ("ts", "tsx"):
        source = "\n".join(snippets(TYPESCRIPT / "README.md", language))
        (tmp_path / f"snippet.{language}").write_text(f"{source}\nexport {{}};\n")
    (tmp_path / "readme.ts").write_text(*snippets(README, "ts"))
    options = {**json.loads((TYPESCRIPT / "tsconfig.json").read_text())["compilerOptions"], "noUnusedLocals": False}
    places = {f"@audioprep/client{path}": [f"{TYPESCRIPT}/src/{file}"] for path, file in _ENTRIES.items()}
    loose = {"exactOptionalPropertyTypes": False, "jsx": "react-jsx", "module": "ESNext", "moduleResolution": "bundler"}
    files = ["readme.ts", "snippet.ts", "snippet.tsx", str(TYPESCRIPT / "test" / "types.ts")]
    settings = {"compilerOptions": options | loose | {"paths": places}, "files": files}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))

    await run_node(tmp_path, str(TYPESCRIPT / "node_modules/typescript/bin/tsc"), "--project", ".")

    assert marked > 15
