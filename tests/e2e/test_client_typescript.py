"""The TypeScript client by itself: types, unit tests, size, adapters for waveform libraries."""

import json
import re
from pathlib import Path

from tests.support.browser import open_browser
from tests.support.clients import TYPESCRIPT, run_node
from tests.support.documents import README, WEB_APP, snippets
from tests.support.waiting import eventually

_LIMIT = 8_000  # bytes
# Two seconds of peaks and of sound, and where the libraries draw; each says what it has in `seen`.
_PAGE = f"""
import {{ peaksDat, wav }} from "{TYPESCRIPT}/src/testing/media.ts";
window.seen = {{}};
document.body.innerHTML =
  '<div id="waveform"></div><div id="overview" style="width:400px;height:100px"></div><audio></audio>';
const peaks = Array.from({{ length: 200 }}, (_, n) => (n % 2 ? 0.5 : -0.5));
const metadata = {{ duration: 2, sampleRate: 44100 }};
const url = URL.createObjectURL(new Blob([wav(2)], {{ type: "audio/wav" }}));
const [container, mediaElement] = [document.querySelector("#overview"), document.querySelector("audio")];
mediaElement.src = url;
const datUrl = URL.createObjectURL(new Blob([peaksDat(2)]));
"""
_TELL = {
    "WaveSurfer.create(": "const wave = WaveSurfer.create(",
    "toWavesurfer(peaks, metadata.duration) });": "toWavesurfer(peaks, metadata.duration) });\n"
    'wave.on("ready", (seconds) => (seen.wavesurfer = seconds));',
    "toPeaksJs(peaks, metadata.sampleRate));": "toPeaksJs(peaks, metadata.sampleRate));\n"
    "seen.data = [waveform.length, waveform.duration, waveform.channel(0).max_sample(3)];",
    "console.log(error, view)": "(seen.peaks = error ? String(error) : view ? (seen.peaks ?? 0) + 1 : 'nothing')",
}
_ENTRIES = {"": "index.ts", "/react": "react.ts", "/testing": "testing/index.ts"}


async def test_digests_faults_and_signatures_are_right() -> None:
    out = await run_node(TYPESCRIPT, "--import", "tsx", "--test", "test/vectors.test.ts", "test/signatures.test.ts")

    assert re.search(r"^# pass \d{2,}$", out, re.MULTILINE)


async def test_the_client_is_smaller_than_8_kb() -> None:
    sizes = [int(line.split()[0]) for line in (await run_node(TYPESCRIPT, "scripts/size.mjs")).splitlines()]

    assert max(sizes) < _LIMIT


async def test_the_cost_of_polling_is_what_the_guide_says() -> None:
    rows = re.findall(r"^\| (\d+) s \| (\d+) \|$", WEB_APP.read_text("utf-8"), re.MULTILINE)
    table = {int(seconds): int(polls) for seconds, polls in rows}
    polls = f"{list(table)}.map((seconds) => client.pollsFor(seconds))"
    script = f"import('./src/index.ts').then((client) => console.log({polls}.join()))"

    printed = await run_node(TYPESCRIPT, "--import", "tsx", "--eval", script)

    assert [int(number) for number in printed.split(",")] == list(table.values())
    assert len(table) == 3


async def test_the_recipes_for_waveform_libraries_draw(tmp_path: Path) -> None:
    """In a browser, with the libraries themselves."""
    (tmp_path / "page.js").write_text(_page(*snippets(WEB_APP, "js")))
    bundle = tmp_path / "bundle.js"
    build = (TYPESCRIPT / "node_modules/esbuild/bin/esbuild", tmp_path / "page.js", "--bundle", f"--outfile={bundle}")
    alias = f"--alias:@audioprep/client={TYPESCRIPT}/src/index.ts"
    await run_node(TYPESCRIPT, *map(str, build), alias, NODE_PATH=str(TYPESCRIPT / "node_modules"))

    async with open_browser(tmp_path) as page:
        await page.evaluate(bundle.read_text())

        async def drawn() -> bool:
            return bool(await page.evaluate("window.seen?.wavesurfer && (seen.peaks === 2 || seen.peaks?.at)"))

        await eventually(drawn, within=60, what="wavesurfer.js and Peaks.js have drawn")
        seen = json.loads(await page.evaluate("JSON.stringify(seen)"))

    assert seen == {"wavesurfer": 2.0, "data": [100, 2, 64], "peaks": 2}, "from peaks.json, and from peaks.dat"


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
    guide = [part for part in snippets(WEB_APP, "ts") if "drizzle-kit" not in part]  # which is not installed here
    (tmp_path / "guide.ts").write_text("\n".join(guide))
    action = 'import { database, jobs } from "./guide.js";\ndeclare function userOf(): Promise<string>;\n'
    (tmp_path / "action.ts").write_text("\n".join([*snippets(WEB_APP, "tsx"), action]))
    options = {**json.loads((TYPESCRIPT / "tsconfig.json").read_text())["compilerOptions"], "noUnusedLocals": False}
    places = {f"@audioprep/client{path}": [f"{TYPESCRIPT}/src/{file}"] for path, file in _ENTRIES.items()}
    loose = {"exactOptionalPropertyTypes": False, "jsx": "react-jsx", "module": "ESNext", "moduleResolution": "bundler"}
    files = ["readme.ts", "guide.ts", "action.ts", "snippet.ts", "snippet.tsx", str(TYPESCRIPT / "test" / "types.ts")]
    settings = {"compilerOptions": options | loose | {"paths": places}, "files": files}
    (tmp_path / "tsconfig.json").write_text(json.dumps(settings))

    await run_node(tmp_path, str(TYPESCRIPT / "node_modules/typescript/bin/tsc"), "--project", ".")

    assert marked > 15


def _page(*recipes: str) -> str:
    """Imports first, each once; every recipe in a function of its own, with its outcome in `seen`."""
    lines = [line for recipe in recipes for line in recipe.splitlines()]
    imports = dict.fromkeys(line for line in lines if line.startswith("import "))
    bodies = ["\n".join(line for line in recipe.splitlines() if not line.startswith("import ")) for recipe in recipes]
    blocks = "\n".join(f"(async () => {{\n{body}\n}})();" for body in bodies)
    for said, told in _TELL.items():
        assert said in blocks, said
        blocks = blocks.replace(said, told)
    return "\n".join([*imports, _PAGE, blocks])
