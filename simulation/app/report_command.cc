#include <algorithm>
#include <filesystem>

#include "covey/shell/numbers.h"
#include "simulation/app/command.h"
#include "simulation/app/comparison_table.h"
#include "simulation/output/durable_lines.h"
#include "simulation/output/report/run_report.h"

namespace covey::simulation {
namespace {

namespace fs = std::filesystem;

// The folder itself, or, of a sweep, the runs in it.
std::vector<std::string> runs_in(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> runs;
  if (fs::exists(folder + "/run.json", error)) return {folder};
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (fs::exists(entry->path() / "run.json", ignored)) runs.push_back(entry->path().string());
  }
  std::ranges::sort(runs);
  if (runs.empty()) runs.push_back(folder);  // so that it is told that there is no run in it
  return runs;
}

int report(const shell::Invocation& invocation, Context& context) {
  if (invocation.words.empty()) {
    return usage_error(context, "something is missing: covey sim report DIR…");
  }
  std::vector<RunRecord> records;
  for (const std::string& folder : invocation.words) {
    for (const std::string& path : runs_in(folder)) {
      COVEY_SIM_ASSIGN(RunRecord record, read_run(path));
      records.push_back(std::move(record));
    }
  }
  const bool is_one = records.size() == 1;
  const std::string place =
      invocation.value("out", is_one ? records.front().path + "/report.html" : "comparison.html");
  const std::string html =
      is_one ? run_report(records.front())
             : comparison_report(std::to_string(records.size()) + " runs", records);
  if (const Status written = write_whole(place, view_of(html)); !written) {
    return fail(context, written.error());
  }
  const Comparison comparison = compare(records);
  if (invocation.is_json()) {
    context.out << json_of(comparison) << '\n';
  } else {
    print(context.out, comparison);
    context.out << "\nThe report is " << place << '\n';
  }
  return kOk;
}

}  // namespace

Command report_command() {
  return {"report",
          "DIR…",
          "write a run's report anew, or compare runs",
          {{"out", "FILE", "the HTML file (default: DIR/report.html, or comparison.html)"},
           {"format", "FORMAT", "text or json"}},
          "covey sim report runs/digits-1 runs/digits-2 --out digits.html",
          report};
}

}  // namespace covey::simulation
