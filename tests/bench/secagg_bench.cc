// covey-bench-secagg: what one secure aggregation costs, the whole protocol in one process through
// real message bytes. CPU is compared with what OpenSSL's AES-256-CTR needs for the keystream of
// the masks alone, in the same run on the same core.
#include <algorithm>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>

#include "bench/secagg_run.h"
#include "bench/timing.h"

namespace {

using covey::bench::median;
using covey::bench::SecaggRun;
using covey::bench::SecaggSetting;
using covey::secagg::CoordinatorStep;

struct Options {
  SecaggSetting setting;
  std::size_t repeat = 3;
  bool json = false;
};

// One number of each run, in the median over the runs.
template <typename Number>
double over(const std::vector<SecaggRun>& runs, Number&& number) {
  std::vector<double> values;
  for (const SecaggRun& run : runs) values.push_back(static_cast<double>(number(run)));
  return median(values);
}

nlohmann::ordered_json summary(const std::vector<SecaggRun>& runs, const SecaggSetting& setting) {
  const SecaggRun& last = runs.back();
  const double neighbours = last.parameters.degree;
  nlohmann::ordered_json steps;
  for (std::size_t step = 0; step < covey::bench::kSteps; ++step) {
    steps[std::string(name_of(static_cast<CoordinatorStep>(step)))] =
        over(runs, [&](const SecaggRun& run) { return run.coordinator_cpu_ms[step]; });
  }
  nlohmann::ordered_json out;
  out["bench"] = "secagg";
  out["path"] = std::string(name_of(setting.path));
  out["threads"] = setting.threads;
  out["devices"] = setting.devices;
  out["length"] = setting.length;
  out["bits"] = setting.bits;
  out["drop"] = setting.drop;
  out["neighbours"] = last.parameters.degree;
  out["threshold"] = last.parameters.threshold;
  out["survivors"] = last.survivors;
  out["sum_is_right"] = std::ranges::all_of(runs, &SecaggRun::sum_is_right);
  out["repeat"] = runs.size();
  out["device_ms"] = over(runs, [](const SecaggRun& r) { return median(r.device_cpu_ms); });
  out["device_max_ms"] =
      over(runs, [](const SecaggRun& r) { return std::ranges::max(r.device_cpu_ms); });
  out["device_masks"] = last.device_masks;
  out["device_evp_ms"] = over(runs, [](const SecaggRun& r) { return r.device_evp_ms(); });
  out["device_ratio"] =
      over(runs, [](const SecaggRun& r) { return median(r.device_cpu_ms) / r.device_evp_ms(); });
  out["device_pk_ms"] =
      over(runs, [](const SecaggRun& r) { return median(r.device_public_key_ms); });
  out["device_pk_ms_per_neighbour"] =
      over(runs, [&](const SecaggRun& r) { return median(r.device_public_key_ms) / neighbours; });
  out["device_agreements"] = last.device_public_key.agreements;
  out["device_verifications"] = last.device_public_key.verifications;
  out["device_certificates"] = last.device_public_key.certificates;
  out["coordinator_ms"] = over(runs, [](const SecaggRun& r) { return r.coordinator_total_ms(); });
  out["coordinator_step_ms"] = steps;
  out["coordinator_masks"] = last.coordinator_masks;
  out["coordinator_evp_ms"] = over(runs, [](const SecaggRun& r) { return r.coordinator_evp_ms(); });
  out["coordinator_ratio"] = over(
      runs, [](const SecaggRun& r) { return r.coordinator_total_ms() / r.coordinator_evp_ms(); });
  out["coordinator_pk_ms"] =
      over(runs, [](const SecaggRun& r) { return r.coordinator_public_key_ms; });
  out["coordinator_agreements"] = last.coordinator_public_key.agreements;
  out["coordinator_verifications"] = last.coordinator_public_key.verifications;
  out["coordinator_certificates"] = last.coordinator_public_key.certificates;
  out["evp_gb_per_s"] = over(runs, [](const SecaggRun& r) { return r.evp_gb_per_s; });
  out["packed_vector_bytes"] = last.packed_vector_bytes;
  out["bytes_up"] = last.bytes_up;
  out["bytes_up_over_packed"] =
      static_cast<double>(last.bytes_up) / static_cast<double>(last.packed_vector_bytes);
  out["bytes_down"] = last.bytes_down;
  out["device_peak_bytes"] = last.device_peak_bytes;
  out["device_peak_over_packed"] =
      static_cast<double>(last.device_peak_bytes) / static_cast<double>(last.packed_vector_bytes);
  out["coordinator_peak_bytes"] = last.coordinator_peak_bytes;
  out["accumulator_bytes"] = last.accumulator_bytes;
  out["edges"] = last.edges;
  out["coordinator_bytes_per_edge"] = last.coordinator_bytes_per_edge();
  return out;
}

void print_table(const nlohmann::ordered_json& j) {
  const auto number = [&](const char* key) { return j[key].get<double>(); };
  std::printf(
      "%.0f devices, %.0f elements of %.0f bits, %.0f neighbours, threshold %.0f, %.0f %% "
      "vanish; %s, %.0f thread(s), median of %.0f\n",
      number("devices"), number("length"), number("bits"), number("neighbours"),
      number("threshold"), 100 * number("drop"), j["path"].get<std::string>().c_str(),
      number("threads"), number("repeat"));
  std::printf("  sum              %s\n", j["sum_is_right"].get<bool>() ? "right" : "WRONG");
  std::printf(
      "  device           %9.1f ms (most %.1f)  %.0f masks, EVP alone %.1f ms  ratio %.2f\n",
      number("device_ms"), number("device_max_ms"), number("device_masks"), number("device_evp_ms"),
      number("device_ratio"));
  std::printf(
      "    public keys    %9.1f ms             %.3f ms a neighbour; %.0f agreements, %.0f "
      "verifications, %.0f certificates\n",
      number("device_pk_ms"), number("device_pk_ms_per_neighbour"), number("device_agreements"),
      number("device_verifications"), number("device_certificates"));
  std::printf("  coordinator      %9.1f ms             %.0f masks, EVP alone %.1f ms  ratio %.2f\n",
              number("coordinator_ms"), number("coordinator_masks"), number("coordinator_evp_ms"),
              number("coordinator_ratio"));
  for (const auto& [step, ms] : j["coordinator_step_ms"].items()) {
    std::printf("    %-12s   %9.1f ms\n", step.c_str(), ms.get<double>());
  }
  std::printf(
      "    public keys    %9.1f ms             %.0f agreements, %.0f verifications, %.0f "
      "certificates\n",
      number("coordinator_pk_ms"), number("coordinator_agreements"),
      number("coordinator_verifications"), number("coordinator_certificates"));
  std::printf("  bytes up, down   %9.0f, %.0f      %.3f of the packed vector up\n",
              number("bytes_up"), number("bytes_down"), number("bytes_up_over_packed"));
  std::printf("  memory, device   %9.0f bytes          %.2f packed vectors beyond its input\n",
              number("device_peak_bytes"), number("device_peak_over_packed"));
  std::printf(
      "  coordinator      %9.0f bytes          beyond the accumulator and one vector: %.0f "
      "bytes for each of %.0f edges\n",
      number("coordinator_peak_bytes"), number("coordinator_bytes_per_edge"), number("edges"));
}

// Nothing when the command line was answered already; the exit status then.
std::variant<Options, int> parse(int argc, char** argv) {
  cxxopts::Options parser("covey-bench-secagg",
                          "What one secure aggregation costs, against the keystream alone.\n"
                          "Example: covey-bench-secagg --devices 100 --length 1000000 --drop 0.1");
  parser.add_options()                                                                            //
      ("devices", "devices in the group", cxxopts::value<std::uint32_t>()->default_value("100"))  //
      ("length", "elements", cxxopts::value<std::uint64_t>()->default_value("1000000"))           //
      ("drop", "share of the devices that vanish before they send",
       cxxopts::value<double>()->default_value("0.1"))  //
      ("degree", "complete, finder (the least that is safe), or a number with --threshold",
       cxxopts::value<std::string>()->default_value("complete"))                 //
      ("threshold", "shares that reconstruct", cxxopts::value<std::uint32_t>())  //
      ("corrupt", "share of accomplices that degree and threshold allow for",
       cxxopts::value<double>()->default_value("0.05"))                                     //
      ("curious", "against a coordinator that does not lie")                                //
      ("bits", "of the ring", cxxopts::value<std::uint32_t>()->default_value("32"))         //
      ("threads", "of the coordinator", cxxopts::value<std::size_t>()->default_value("1"))  //
      ("path", "vaes512, vaes256 or evp", cxxopts::value<std::string>())                    //
      ("repeat", "runs", cxxopts::value<std::size_t>()->default_value("3"))                 //
      ("format", "table or json", cxxopts::value<std::string>()->default_value("table"))    //
      ("help", "this text");
  const auto given = parser.parse(argc, argv);
  if (given.count("help") > 0) {
    std::printf("%s", parser.help().c_str());
    return 0;
  }
  Options options;
  SecaggSetting& setting = options.setting;
  setting.devices = given["devices"].as<std::uint32_t>();
  setting.length = given["length"].as<std::uint64_t>();
  setting.drop = given["drop"].as<double>();
  setting.corrupt = given["corrupt"].as<double>();
  setting.curious = given.count("curious") > 0;
  setting.bits = given["bits"].as<std::uint32_t>();
  setting.threads = given["threads"].as<std::size_t>();
  options.repeat = given["repeat"].as<std::size_t>();
  options.json = given["format"].as<std::string>() == "json";
  const auto degree = given["degree"].as<std::string>();
  setting.sparse = degree == "finder";
  if (given.count("threshold") > 0) {
    const bool is_number = degree != "complete" && degree != "finder";
    setting.fixed = covey::secagg::FixedParameters{
        is_number ? static_cast<std::uint32_t>(std::stoul(degree)) : setting.devices,
        given["threshold"].as<std::uint32_t>()};
  } else if (degree != "complete" && degree != "finder") {
    std::fprintf(stderr, "covey-bench-secagg: --degree with a number needs --threshold\n");
    return 2;
  }
  if (given.count("path") > 0) {
    const auto wanted = given["path"].as<std::string>();
    const auto paths = covey::crypto::available_mask_paths();
    const auto found = std::ranges::find_if(
        paths, [&](covey::crypto::MaskPath path) { return name_of(path) == wanted; });
    if (found == paths.end()) {
      std::fprintf(stderr, "covey-bench-secagg: this machine has no path of that name; --help\n");
      return 2;
    }
    setting.path = *found;
  }
  if (options.repeat == 0 || setting.threads == 0 || !(setting.drop >= 0 && setting.drop < 1)) {
    std::fprintf(stderr,
                 "covey-bench-secagg: expected --repeat and --threads of at least 1, and --drop "
                 "from 0 to below 1\n");
    return 2;
  }
  return options;
}

int run(int argc, char** argv) {
  const auto parsed = parse(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) return *status;
  const Options& options = std::get<Options>(parsed);
  std::vector<SecaggRun> runs;
  for (std::size_t i = 0; i < options.repeat; ++i) {
    runs.push_back(covey::bench::run_secagg(options.setting));
    if (!runs.back().failure.empty()) {
      std::fprintf(stderr, "covey-bench-secagg: %s\n", runs.back().failure.c_str());
      return 1;
    }
  }
  const auto line = summary(runs, options.setting);
  if (options.json) {
    std::printf("%s\n", line.dump().c_str());
  } else {
    print_table(line);
  }
  return line["sum_is_right"].get<bool>() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // cxxopts and std::stoul throw on what they cannot read
    std::fprintf(stderr, "covey-bench-secagg: %s; see --help\n", error.what());
    return 2;
  }
}
