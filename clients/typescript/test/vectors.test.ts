/** What audioprep's own models say of recipes is what the client says of them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { buildRecipe, checkRecipe, type Recipe, RecipeError, recipeHash } from "../src/index.js";

interface Vectors {
  valid: { recipe: Recipe; digest: string }[];
  invalid: { name: string; recipe: Recipe; error: string }[];
}
const vectors: Vectors = JSON.parse(readFileSync(new URL("../../vectors.json", import.meta.url), "utf8"));

test("every digest is the one that audioprep computes", async () => {
  assert.ok(vectors.valid.length > 50);
  for (const { recipe, digest } of vectors.valid) assert.equal(await recipeHash(recipe), digest, JSON.stringify(recipe));
});

test("every recipe that audioprep takes passes the checks", () => {
  for (const { recipe } of vectors.valid) checkRecipe(recipe);
});

for (const { name, recipe, error } of vectors.invalid) {
  test(`${name}: the sentence of the bridge`, () => {
    assert.throws(() => checkRecipe(recipe), { name: "RecipeError", message: error });
  });
}

test("a fault names its clip and field", () => {
  const asset = vectors.valid[0]!.recipe.assetId;
  const clips = [{ startTime: 0, endTime: 3 }, { startTime: 0, endTime: 3, volume: 4 }];

  assert.throws(
    () => buildRecipe(asset, clips),
    (error: unknown) => error instanceof RecipeError && error.clip === 1 && error.field === "volume",
  );
});
