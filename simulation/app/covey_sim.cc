// covey-sim: a federation on one machine. `covey sim …` becomes it.

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "covey/client/torch/allocator.h"
#include "covey/client/torch/models.h"
#include "covey/datasets/federated_dataset.h"
#include "covey/shell/numbers.h"
#include "simulation/app/command.h"
#include "simulation/app/federation_engine.h"
#include "simulation/app/stop_signal.h"

namespace covey::simulation {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::size_t columns_of_terminal() {
  winsize size{};
  const bool is_told = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_told ? size.ws_col : 80;
}

Catalogue catalogue_of(std::span<const datasets::CatalogueEntry> entries) {
  Catalogue out;
  for (const datasets::CatalogueEntry& entry : entries) {
    out.push_back(
        {std::string(entry.name), std::string(entry.summary), std::string(entry.settings)});
  }
  return out;
}

Catalogue models() {
  Catalogue out;
  for (const client::ModelInfo& model : client::model_catalogue()) {
    std::string shape;
    for (const std::uint64_t side : model.shape.input) {
      shape += (shape.empty() ? "" : " x ") + std::to_string(side);
    }
    shape += " in, " + std::to_string(model.shape.outputs) + " out, " +
             shell::with_separators(model.parameters) + " parameters";
    if (!model.source.empty()) shape += "; " + std::string(model.source);
    out.push_back({std::string(model.name), std::string(model.summary), std::move(shape)});
  }
  return out;
}

int main_with(int count, char** arguments) {
  std::signal(SIGPIPE, SIG_DFL);  // `covey sim … | head` ends quietly
  catch_stop_signals();
  client::keep_freed_memory();  // before there are threads; where it cannot be, it is only slower
  Context context{
      std::cout,
      std::cerr,
      ::isatty(STDERR_FILENO) == 1,
      columns_of_terminal(),
      std::max(1u, std::thread::hardware_concurrency()),
      make_federation_engine,
      [] {
        return duration_cast<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
      },
      [] {
        return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
      },
      is_stop_asked,
      [](const std::string& folder) { ::setenv("COVEY_DATA_DIR", folder.c_str(), 1); },
      {[] { return catalogue_of(datasets::dataset_catalogue()); },
       [] { return catalogue_of(datasets::partition_catalogue()); }, models, strategy_catalogue}};
  return run(std::vector<std::string>(arguments + 1, arguments + count), context);
}

}  // namespace
}  // namespace covey::simulation

int main(int count, char** arguments) { return covey::simulation::main_with(count, arguments); }
