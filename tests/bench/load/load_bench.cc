// covey-bench-load: what one coordinator carries. A daemon as an operator runs it, and in this
// process light devices, each with a certificate and a TLS connection of its own, which speak the
// production protocol. CPU and memory are the coordinator's, as the kernel counts them.
#include <cstdio>
#include <exception>

#include <cxxopts.hpp>

#include "bench/load/process_use.h"
#include "bench/load/scenarios.h"

namespace {

using namespace covey;

struct Options {
  std::string what;
  bench::CheckInSetting check_ins;
  bench::RoundSetting round;
  std::string coordinator = COVEY_COORDINATOR;
  bool json = false;
};

Result<std::vector<nlohmann::ordered_json>> measure(const Options& options) {
  if (options.what == "round") {
    return bench::measure_rounds(options.coordinator, COVEY_BENCH_SECAGG, options.round);
  }
  COVEY_ASSIGN_OR_RETURN(auto line,
                         bench::measure_check_ins(options.coordinator, options.check_ins));
  return std::vector{std::move(line)};
}

void print(const nlohmann::ordered_json& line, bool json) {
  if (json) {
    std::printf("%s\n", line.dump().c_str());
    return;
  }
  for (const auto& [name, value] : line.items()) {
    std::printf("%-26s %s\n", name.c_str(), value.dump().c_str());
  }
  std::printf("\n");
}

int run(const Options& options) {
  const auto lines = measure(options);
  if (!lines) {
    std::fprintf(stderr, "covey-bench-load: %s\n", lines.error().message.c_str());
    return 1;
  }
  for (const auto& line : *lines) print(line, options.json);
  return 0;
}

int main_with(int count, char** arguments) {
  cxxopts::Options parser("covey-bench-load",
                          "What one coordinator carries. CPU and memory are the coordinator's.");
  std::size_t devices = 1000;
  std::string format = "table";
  Options options;
  parser.add_options()                                                                      //
      ("what", "check-ins or round", cxxopts::value(options.what)->default_value("round"))  //
      ("devices", "that check in, or that are in the round",
       cxxopts::value(devices)->default_value("1000"))  //
      ("windows", "check-ins: measured one after another",
       cxxopts::value(options.check_ins.windows)->default_value("5"))  //
      ("seconds", "check-ins: of a window",
       cxxopts::value(options.check_ins.window_seconds)->default_value("2"))  //
      ("group", "round: devices in a group",
       cxxopts::value(options.round.shape.group_size)->default_value("100"))  //
      ("length", "round: parameters of the model",
       cxxopts::value(options.round.shape.length)->default_value("100000"))  //
      ("rounds", "round: so many, of which the median is told",
       cxxopts::value(options.round.rounds)->default_value("3"))  //
      ("idle", "round: then again with so many devices beside it that are connected and poll",
       cxxopts::value(options.round.idle_devices)->default_value("0"))  //
      ("no-core", "round: do not measure the protocol alone")           //
      ("coordinator", "the daemon's program",
       cxxopts::value(options.coordinator)->default_value(options.coordinator))    //
      ("format", "table or json", cxxopts::value(format)->default_value("table"))  //
      ("help", "this text");
  parser.parse_positional({"what"});
  parser.positional_help("check-ins | round");
  const auto parsed = parser.parse(count, arguments);
  if (parsed.count("help") > 0) return std::printf("%s\n", parser.help().c_str()) < 0 ? 1 : 0;
  const bool is_known = options.what == "check-ins" || options.what == "round";
  if (!is_known || devices == 0 || options.round.rounds == 0 || options.check_ins.windows == 0) {
    std::fprintf(stderr, "covey-bench-load: see --help\n");
    return 2;
  }
  options.check_ins.devices = devices;
  options.round.shape.devices = static_cast<std::uint32_t>(devices);
  options.round.with_core = parsed.count("no-core") == 0;
  options.json = format == "json";
  bench::raise_open_files();
  return run(options);
}

}  // namespace

int main(int count, char** arguments) {
  setenv("GRPC_VERBOSITY", "NONE", 0);
  try {
    return main_with(count, arguments);
  } catch (const std::exception& error) {  // cxxopts throws
    std::fprintf(stderr, "covey-bench-load: %s\n", error.what());
    return 2;
  }
}
