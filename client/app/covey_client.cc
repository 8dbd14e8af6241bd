#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <cxxopts.hpp>

#include "client/app/device.h"
#include "client/app/local_data.h"
#include "covey/aggregation/model/safetensors.h"
#include "covey/client/torch/allocator.h"
#include "covey/client/torch/models.h"

// The reference device: flags and file → run. Also makes first models and tries out finished ones.
namespace covey::client {
namespace {

struct Flags {
  std::string config = "device.toml";
  DeviceFlags device;
  std::string halt;
  std::string model = "cnn-small";
  std::string file;
  std::string out;
  std::string data;
  std::uint64_t seed = 1;
};

constexpr const char* kHelp = R"(
Commands:
  run             take part in a federation, as device.toml says (the default)
  receipts        print what this device has taken part in, and what left it
  init-model      write a first global model: --model NAME --seed N --out FILE
  evaluate        try a model on digits that no device has: --file FILE [--data DIR]

Examples:
  covey-client --print-config > device.toml
  covey-client run --config device.toml
  covey-client init-model --model cnn-small --out init.safetensors
  covey-client evaluate --file model.safetensors --data DIR_WITH_MNIST

Exit status: 0 done or stopped by a signal, 1 failed, 2 wrong usage.
)";

Status init_model(const Flags& flags) {
  if (flags.out.empty()) return invalid_argument("init-model needs --out FILE");
  COVEY_ASSIGN_OR_RETURN(const auto model, initial_model(flags.model, flags.seed));
  const Bytes bytes = model::write_model(model);
  std::ofstream file(flags.out, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  if (!file.flush()) return Error{ErrorCode::kUnknown, flags.out + " cannot be written"};
  std::printf("%s: %s, %llu parameters, %zu bytes\n", flags.out.c_str(), flags.model.c_str(),
              static_cast<unsigned long long>(model.manifest().flat_length()), bytes.size());
  return {};
}

// The plan of an evaluation: what of it matters to a trainer.
plan::Plan evaluation_plan(const std::string& name, const ring::Manifest& manifest) {
  plan::Plan plan;
  plan.task = "evaluation";
  plan.purpose = plan::Purpose::kEvaluate;
  plan.model = name;
  plan.manifest = manifest;
  plan.metrics = {"loss", "accuracy"};
  return plan;
}

Status evaluate(const Flags& flags) {
  std::ifstream file(flags.file, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return Error{ErrorCode::kNotFound, "--file " + flags.file + " cannot be read"};
  COVEY_ASSIGN_OR_RETURN(const auto test, load_test_data(flags.data, flags.seed));
  COVEY_ASSIGN_OR_RETURN(const auto trainer, make_trainer(flags.model));
  COVEY_RETURN_IF_ERROR(trainer->set_examples(test, test));
  const std::string bytes = content.str();
  COVEY_ASSIGN_OR_RETURN(auto model, model::read_model(view_of(bytes), trainer->manifest()));
  const plan::Plan plan = evaluation_plan(flags.model, trainer->manifest());
  COVEY_ASSIGN_OR_RETURN(const auto report, trainer->run({plan, 0, flags.seed, {}}, model));
  std::printf("%s on %zu digits of writers that no device has: accuracy %.2f %%, loss %.4f\n",
              flags.file.c_str(), test.size(), 100 * report.metrics[1], report.metrics[0]);
  return {};
}

Status read_halt_point(const std::string& text, std::optional<HaltPoint>& halt) {
  if (text.empty()) return {};
  HaltPoint point;
  char rest = 0;
  unsigned long long round = 0;
  unsigned long long message = 0;
  if (std::sscanf(text.c_str(), "%llu:%llu%c", &round, &message, &rest) != 2 || message == 0) {
    return invalid_argument("--die-at is ROUND:MESSAGE, for instance 2:3; found '" + text + "'");
  }
  point.round = round;
  point.message = message;
  halt = point;
  return {};
}

Status run_command(const std::string& command, Flags& flags) {
  if (command == "init-model") return init_model(flags);
  if (command == "evaluate") return evaluate(flags);
  if (command != "run" && command != "receipts") {
    return invalid_argument("there is no command '" + command +
                            "': run, receipts, init-model or evaluate; see --help");
  }
  COVEY_RETURN_IF_ERROR(read_halt_point(flags.halt, flags.device.halt));
  COVEY_ASSIGN_OR_RETURN(const DeviceConfig config, read_device_config(flags.config));
  return command == "run" ? run_device(config, flags.device) : print_receipts(config);
}

cxxopts::Options options_of(Flags& flags, std::string& command) {
  cxxopts::Options options("covey-client", "A device of a federation that learns digits.");
  options.positional_help("[COMMAND]");
  auto add = options.add_options();
  add("command", "", cxxopts::value(command)->default_value("run"));
  add("config", "the settings", cxxopts::value(flags.config)->default_value("device.toml"), "FILE");
  add("coordinator", "instead of coordinator.address", cxxopts::value(flags.device.address),
      "HOST:PORT");
  add("insecure-name", "no TLS, loopback only: what the device calls itself",
      cxxopts::value(flags.device.insecure_name), "NAME");
  add("quiet", "say nothing", cxxopts::value(flags.device.is_quiet));
  add("die-at", "for trials: SIGKILL itself at its n-th message in a group, from a round on",
      cxxopts::value(flags.halt), "ROUND:N");
  add("model", "architecture", cxxopts::value(flags.model)->default_value("cnn-small"), "NAME");
  add("file", "evaluate: the model", cxxopts::value(flags.file), "FILE");
  add("data", "evaluate: folder of MNIST's files; else generated digits",
      cxxopts::value(flags.data), "DIR");
  add("seed", "init-model, evaluate", cxxopts::value(flags.seed)->default_value("1"), "N");
  add("out", "init-model: where to", cxxopts::value(flags.out), "FILE");
  add("print-config", "print a settings file with every key, and end");
  add("help", "print this");
  options.parse_positional({"command"});
  return options;
}

int main_with(int count, char** arguments) {
  Flags flags;
  std::string command;
  cxxopts::Options options = options_of(flags, command);
  try {
    const auto parsed = options.parse(count, arguments);
    if (parsed.count("help") > 0) {
      return std::printf("%s%s", options.help().c_str(), kHelp) < 0 ? 1 : 0;
    }
    if (parsed.count("print-config") > 0) {
      return std::printf("%s", kExampleDeviceConfig) < 0 ? 1 : 0;
    }
    if (!parsed.unmatched().empty()) {
      std::fprintf(stderr, "covey-client takes one command; see --help\n");
      return 2;
    }
  } catch (const std::exception& error) {  // cxxopts throws
    std::fprintf(stderr, "%s; see covey-client --help\n", error.what());
    return 2;
  }
  const Status status = run_command(command, flags);
  if (status) return 0;
  std::fprintf(stderr, "covey-client: %s\n", status.error().message.c_str());
  return status.error().code == ErrorCode::kInvalidArgument ? 2 : 1;
}

}  // namespace
}  // namespace covey::client

int main(int count, char** arguments) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // what is to be said is said by us, in our own form
  covey::client::keep_freed_memory();  // before there are threads; where it cannot be, it is only
                                       // slower
  return covey::client::main_with(count, arguments);
}
