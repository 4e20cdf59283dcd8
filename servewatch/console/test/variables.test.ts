import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL, loadVariables, stateOf, unlisted, type VariableState, type Variables } from "../src/data/variables";
import type { Variable } from "../src/model";

const RANGE = { from: 0, to: 300 };
const custom = (query: string, more: Partial<Variable> = {}): Variable =>
  ({ name: "service", type: "custom", query, multi: true, includeAll: true, ...more }) as Variable;
const load = (list: Variable[], address: string): Promise<Variables> =>
  loadVariables(list, new URLSearchParams(address), RANGE);
const chosen = async (list: Variable[], address: string): Promise<string[][]> =>
  (await load(list, address)).states.map((state) => state.selected);

test("what an address names stays chosen and is asked for, also where it is not on the list", async () => {
  const { states, scope } = await load([custom("a,b")], "var-service=nosuch");
  assert.deepEqual([states[0]!.selected, unlisted(states[0]!)], [["nosuch"], ["nosuch"]]);
  assert.deepEqual([scope.get("service")!.values, scope.get("service")!.all], [["nosuch"], false]);
  assert.deepEqual(await chosen([custom("a,b")], "var-service=a&var-service=nosuch"), [["a", "nosuch"]]);
  const later = await load([custom("a,b,nosuch")], "var-service=nosuch");
  assert.deepEqual(unlisted(later.states[0]!), []);
});

test("values on the list, All, nothing and constants are chosen as ever", async () => {
  const one = { multi: false, includeAll: false };
  assert.deepEqual(await chosen([custom("a,b")], "var-service=b&var-service=a"), [["b", "a"]]);
  assert.deepEqual(await chosen([custom("a,b")], "var-service=All"), [[ALL]]);
  assert.deepEqual(await chosen([custom("a,b")], "var-service="), [[ALL]]);
  assert.deepEqual(await chosen([custom("a,b", { current: { text: "gone", value: "gone" } })], ""), [[ALL]]);
  assert.deepEqual(await chosen([custom("a,b", one)], "var-service=x&var-service=b"), [["b"]]);
  assert.deepEqual(await chosen([custom("a,b", one)], "var-service=$__all"), [["a"]]);
  assert.deepEqual(await chosen([custom("a", { ...one, type: "constant" })], "var-service=x"), [["a"]]);
});

test("another choice of the parent takes what is no longer offered from the child, and from the address", async () => {
  const parent = custom("a,b", { multi: false, includeAll: false });
  const child = custom('label_values(up{service="$service"}, replica)', { name: "replica", type: "query" });
  const look = async (service: string, replica: string, offered: string[], before: VariableState[] = []) => {
    const address = `var-service=${service}&var-replica=${replica}`;
    const { states } = await loadVariables([parent], new URLSearchParams(address), RANGE, before);
    const found = { options: offered.map((value) => ({ text: value, value })), error: null };
    return [...states, stateOf(child, new URLSearchParams(address), found, states, before)];
  };
  const told = (states: VariableState[]): unknown[] => [states[1]!.selected, states[1]!.moved];
  const first = await look("a", "a1", ["a1", "a2"]);
  assert.deepEqual(told(first), [["a1"], false]);
  assert.deepEqual(told(await look("b", "a1", ["b1", "b2"], first)), [[ALL], true]);
  assert.deepEqual(told(await look("b", "a1", ["a1", "b1"], first)), [["a1"], false]);
  assert.deepEqual(told(await look("b", "b7", ["b1"], first)), [["b7"], false]);
  assert.deepEqual(told(await look("a", "a1", ["a2"], first)), [["a1"], false]);
});
