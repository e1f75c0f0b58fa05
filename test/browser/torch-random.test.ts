import { fixtureJson } from "../support/fixtures.ts";
import { type RngFixture, torchRandomSuite } from "../support/torch-random-suite.ts";

torchRandomSuite(await fixtureJson<RngFixture>("04_rng/rng.json"));
