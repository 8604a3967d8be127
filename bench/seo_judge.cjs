// Reads one document a line, as JSON; writes what yoastseo says of it: {assessment: score}. A process of its own: its
// code is never part of Rundown.
const readline = require("readline");
const { Paper, assessors } = require("yoastseo");
const Researcher = require("yoastseo/build/languageProcessing/languages/en/Researcher").default;

console.log = console.error;

function judge(doc) {
  const { text, keyphrase, title, title_width: titleWidth, description, slug } = doc;
  const permalink = `https://mysite.org/${slug}`;
  const paper = new Paper(text, { keyword: keyphrase, title, titleWidth, description, slug, permalink, locale: "en_US" });
  const scores = {};
  for (const Assessor of [assessors.SEOAssessor, assessors.ContentAssessor]) {
    const assessor = new Assessor(new Researcher(paper), {});
    assessor.assess(paper);
    for (const result of assessor.getValidResults()) scores[result.getIdentifier()] = result.getScore();
  }
  return scores;
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin }))
    process.stdout.write(JSON.stringify(judge(JSON.parse(line))) + "\n");
})();
