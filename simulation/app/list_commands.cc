#include <nlohmann/json.hpp>

#include "covey/shell/table.h"
#include "simulation/app/command.h"

namespace covey::simulation {
namespace {

int list(const Catalogue& catalogue, const shell::Invocation& invocation, Context& context) {
  if (invocation.is_json()) {
    auto json = nlohmann::ordered_json::array();
    for (const Listed& one : catalogue) {
      json.push_back({{"name", one.name}, {"summary", one.summary}, {"settings", one.settings}});
    }
    context.out << json.dump(2) << '\n';
    return kOk;
  }
  std::size_t width = 0;
  for (const Listed& one : catalogue) width = std::max(width, one.name.size());
  for (const Listed& one : catalogue) {
    context.out << shell::padded(one.name, width + 2, false) << one.summary << '\n';
    if (!one.settings.empty()) {
      context.out << std::string(width + 2, ' ') << one.settings << '\n';
    }
  }
  return kOk;
}

int list_datasets(const shell::Invocation& invocation, Context& context) {
  return list(context.catalogues.datasets(), invocation, context);
}
int list_partitions(const shell::Invocation& invocation, Context& context) {
  return list(context.catalogues.partitions(), invocation, context);
}
int list_models(const shell::Invocation& invocation, Context& context) {
  return list(context.catalogues.models(), invocation, context);
}
int list_strategies(const shell::Invocation& invocation, Context& context) {
  return list(context.catalogues.strategies(), invocation, context);
}

}  // namespace

std::vector<Command> list_commands() {
  const std::vector<shell::Option> options = {{"format", "FORMAT", "text or json"}};
  return {{"datasets", "", "what [data] dataset can name", options, "covey sim datasets",
           list_datasets},
          {"partitions", "", "what [data] partition can name: who holds what", options,
           "covey sim partitions", list_partitions},
          {"models", "", "what [model] name can name", options, "covey sim models", list_models},
          {"strategies", "", "what [aggregation] strategy can name", options,
           "covey sim strategies --format json", list_strategies}};
}

}  // namespace covey::simulation
