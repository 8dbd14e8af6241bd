#include "covey/coordinator/task_file.h"

#include <algorithm>
#include <array>
#include <limits>

#include "coordinator/task/learning_settings.h"
#include "coordinator/task/task_checks.h"
#include "covey/aggregation/federation/messages.h"
#include "covey/settings/toml_document.h"

namespace covey::coordinator {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMaxListed = 10'000;

const std::array<settings::Section, 8> kSections = {{
    {"task",
     {"name", "description", "rounds", "schedule", "every", "give_up_after", "data_schema",
      "select"}},
    {"task.select", {"devices", "tags", "properties"}},
    {"model", {"name", "initial", "roles"}},
    {"train",
     {"optimizer", "learning_rate", "schedule", "schedule_factor", "schedule_rounds",
      "schedule_floor", "warmup_rounds", "momentum", "weight_decay", "fedprox_mu", "gradient_clip",
      "batch_size", "epochs", "steps", "loss"}},
    {"round",
     {"target", "minimum", "over_selection", "group_size", "training_deadline", "step_idle"}},
    {"aggregation",
     {"strategy", "server_learning_rate", "server_schedule", "server_schedule_factor",
      "server_schedule_rounds", "server_schedule_floor", "server_warmup_rounds", "server_momentum",
      "server_beta1", "server_beta2", "server_epsilon", "quantization_bits", "ring_bits", "clip",
      "clip_bound", "coordinate_range", "max_weight", "rotate", "buffer_range"}},
    {"secure",
     {"mode", "minimum_devices", "minimum_survivors", "corrupt_fraction", "dropout_fraction",
      "coordinator", "security_bits", "completion_bits"}},
    {"evaluate", {"metrics", "target_metric", "target_value"}},
}};

constexpr std::array<std::string_view, 3> kOfSimulator = {"data", "simulation", "faults"};

bool has_star_inside(const std::string& pattern) {
  const std::size_t star = pattern.find('*');
  return star != pattern.npos && star + 1 != pattern.size();
}
constexpr const char* kStarAtEnd = "'*' stands at the end of a name only";

void read_selection(settings::TomlDocument& document, Selection& selection) {
  document.texts("task.select.devices", selection.devices, kMaxListed);
  document.texts("task.select.tags", selection.tags, kMaxListed);
  if (std::ranges::any_of(selection.devices, has_star_inside)) {
    document.fail("task.select.devices", std::string("task.select.devices: ") + kStarAtEnd);
  }
  document.table("task.select.properties",
                 [&](const std::string& name, const std::string& value) -> std::string {
                   const std::size_t longest = std::max(name.size(), value.size());
                   if (name.empty() || longest > federation::kMaxPropertyBytes ||
                       selection.properties.size() == federation::kMaxProperties) {
                     return "at most 32 properties, each name and value up to 128 bytes";
                   }
                   selection.properties[name] = value;
                   return {};
                 });
}

void read_task(settings::TomlDocument& document, TaskSpec& spec) {
  document.text("task.name", spec.name);
  document.require("task.name", "name = \"digits\" in [task]");
  const Status name = plan::validate_task_name(spec.name);
  if (!name) document.fail("task.name", "task.name: " + name.error().message);
  document.text("task.description", spec.description, 4096);
  document.whole("task.rounds", spec.rounds, 1, 1'000'000'000);
  document.choice<Schedule>("task.schedule", spec.schedule,
                            {{"when-ready", Schedule::kWhenReady},
                             {"every", Schedule::kEvery},
                             {"by-hand", Schedule::kByHand}});
  document.duration("task.every", spec.every, 1s, 24h * 366);
  document.whole("task.give_up_after", spec.give_up_after, 1, 1'000'000);
  std::string schema;
  document.text("task.data_schema", schema);
  if (!schema.empty()) {
    spec.data_schema = digest_from_hex(schema);
    if (!spec.data_schema) {
      document.fail("task.data_schema", "task.data_schema is a SHA-256, 64 hexadecimal digits");
    }
  }
  read_selection(document, spec.selection);
}

void read_model(settings::TomlDocument& document, TaskFileUse use, TaskSpec& spec) {
  document.text("model.name", spec.model);
  document.require("model.name", "name = \"cnn\" in [model], the architecture that devices know");
  document.text("model.initial", spec.initial_model, 4096);
  if (use == TaskFileUse::kCoordinator) {
    document.require("model.initial",
                     "initial = \"initial.safetensors\" in [model], beside this file");
  }
  document.table("model.roles",
                 [&](const std::string& tensor, const std::string& value) -> std::string {
                   const auto role = ring::role_from_name(value);
                   if (!role) {
                     return "a role is one of 'train', 'float-buffer', 'int-buffer', 'frozen', "
                            "'local'";
                   }
                   if (has_star_inside(tensor)) return kStarAtEnd;
                   spec.roles[tensor] = *role;
                   return {};
                 });
}

void read_cohort(settings::TomlDocument& document, CohortRules& cohort) {
  document.whole("round.target", cohort.target, 1, 1'000'000);
  document.whole("round.minimum", cohort.minimum, 1, 1'000'000);
  document.number("round.over_selection", cohort.over_selection, 1, 10);
  document.whole("round.group_size", cohort.group_size, 1, secagg::kMaxGroupDevices);
  document.duration("round.training_deadline", cohort.training_deadline, 1s, 24h * 30);
  document.duration("round.step_idle", cohort.step_idle, 100ms, 24h);
}

void read_secure(settings::TomlDocument& document, plan::SecureSettings& secure) {
  using plan::Masking;
  using secagg::Coordinator;
  document.choice<Masking>("secure.mode", secure.masking,
                           {{"secure", Masking::kSecure}, {"plain", Masking::kPlain}});
  document.whole("secure.minimum_devices", secure.minimum_devices, 1, secagg::kMaxGroupDevices);
  document.whole("secure.minimum_survivors", secure.minimum_survivors, 1, secagg::kMaxGroupDevices);
  document.number("secure.corrupt_fraction", secure.corrupt_fraction, 0, 1,
                  settings::TomlDocument::Ends::kOnlyLow);
  document.number("secure.dropout_fraction", secure.dropout_fraction, 0, 1,
                  settings::TomlDocument::Ends::kOnlyLow);
  document.choice<Coordinator>(
      "secure.coordinator", secure.coordinator,
      {{"lying", Coordinator::kLying}, {"curious", Coordinator::kCurious}});
  document.whole("secure.security_bits", secure.security_bits, 1, 256);
  document.whole("secure.completion_bits", secure.completion_bits, 1, 256);
}

void read_evaluation(settings::TomlDocument& document, TaskSpec& spec) {
  document.texts("evaluate.metrics", spec.metrics, plan::kMaxMetrics);
  document.text("evaluate.target_metric", spec.target_metric);
  document.number("evaluate.target_value", spec.target_value, std::numeric_limits<double>::lowest(),
                  std::numeric_limits<double>::max());
}

}  // namespace

void read_task_sections(settings::TomlDocument& document, TaskFileUse use, TaskSpec& spec) {
  spec.codec.quantization_bits = 12;
  spec.codec.max_weight = 1000;
  spec.codec.buffer_range = 4;
  document.check_names(kSections, kOfSimulator);
  read_task(document, spec);
  read_model(document, use, spec);
  read_train(document, spec);
  read_cohort(document, spec.cohort);
  read_aggregation(document, spec);
  read_secure(document, spec.secure);
  read_evaluation(document, spec);
  if (document.error()) return;
  fill_defaults(spec, document.given());
  const auto breach = find_breach(spec, use, document.given());
  if (breach) document.fail(breach->key, breach->message);
}

Result<TaskSpec> parse_task_file(std::string_view text, TaskFileUse use) {
  if (text.size() > kMaxTaskFileBytes) {
    return invalid_argument("a task file has at most 1 MiB, not " + std::to_string(text.size()) +
                            " bytes");
  }
  COVEY_ASSIGN_OR_RETURN(settings::TomlDocument document, settings::TomlDocument::parse(text));
  TaskSpec spec;
  read_task_sections(document, use, spec);
  if (document.error()) return *document.error();
  return spec;
}

}  // namespace covey::coordinator
