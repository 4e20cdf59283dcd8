/** Names where there is little room: cut so that they can still be told apart. Pure, so that it is easy to test. */

const CUT = "…";
const BOUNDARY = /[\s/.:_-]/;

/** How many letters all names begin with, up to the end of a word. */
function sharedStart(names: string[]): number {
  const [first = ""] = names;
  let length = 0;
  while (length < first.length && names.every((name) => name[length] === first[length])) length += 1;
  while (length > 0 && !BOUNDARY.test(first[length - 1]!)) length -= 1;
  return length;
}

function inTheMiddle(name: string, room: number): string {
  if (name.length <= room) return name;
  const end = Math.ceil((room - 1) / 2);
  return name.slice(0, room - 1 - end) + CUT + name.slice(name.length - end);
}

const atTheEnd = (name: string, room: number): string => (name.length > room ? name.slice(0, room - 1) + CUT : name);
const atTheStart = (name: string, room: number): string =>
  name.length > room ? CUT + name.slice(name.length - room + 1) : name;

const kinds = (names: string[]): number => new Set(names).size;

/** The names in at most `room` letters each: without the words that all begin with, cut where it tells most apart. */
export function shortened(names: string[], room: number): string[] {
  if (names.every((name) => name.length <= room)) return names;
  const shared = kinds(names) > 1 ? sharedStart(names) : 0;
  const bare = shared > 2 ? names.map((name) => CUT + name.slice(shared)) : names;
  const tried = [inTheMiddle, atTheStart, atTheEnd].map((cut) => bare.map((name) => cut(name, room)));
  return tried.reduce((best, one) => (kinds(one) > kinds(best) ? one : best));
}
