#include "simulation/output/report/run_report.h"

#include "simulation/output/charts/markup.h"
#include "simulation/output/report/page.h"
#include "simulation/output/report/run_charts.h"
#include "simulation/output/report/sections.h"

namespace covey::simulation {
namespace {

std::string footer(const RunRecord& run) {
  std::string out = "<footer>covey " + escaped(run.info.covey_version) + " · " + escaped(run.path);
  if (!run.results.empty()) {
    out += "<br>model version " + std::to_string(run.results.back().version) + ", SHA-256 <code>" +
           to_hex(run.results.back().model) + "</code>";
  }
  return out + "</footer>\n";
}

}  // namespace

std::string run_report(const RunRecord& run) {
  const RunSummary summary = summary_of(run.info, run.results);
  return page_of(run.info.task + " · Covey simulation",
                 header_section(run.info) + key_figures(run.info, summary) +
                     run_charts(run.info, summary, run.results) +
                     partition_section(run.info.partition) + rounds_table(run.results) +
                     task_file_section(run.task_text) + footer(run));
}

}  // namespace covey::simulation
