// covey-bench-mask: how fast masks are expanded and added, for every path and lane width, against
// OpenSSL's AES-256-CTR keystream alone. All runs are interleaved on one core, and medians
// compared.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/evp_keystream.h"
#include "bench/timing.h"
#include "covey/crypto/mask_expander.h"

namespace {

using covey::bench::EvpKeystream;
using covey::crypto::MaskExpander;
using covey::crypto::MaskPath;

struct Options {
  std::size_t length = 0;       // lanes a run
  std::size_t block_bytes = 0;  // lanes of one call, which stay in the cache
  std::size_t repeat = 0;
  bool json = false;
};

struct Measurement {
  MaskPath path;
  std::size_t lane_bytes;
  std::vector<double> gb_per_s;
  std::vector<double> ratio_to_evp;  // to the keystream run right before it
};

template <typename Lane>
double fused_gb_per_s(MaskPath path, const Options& options) {
  MaskExpander expander(path);
  const covey::SecretKey key;
  std::vector<Lane> block(options.block_bytes / sizeof(Lane));
  const double seconds = covey::bench::time_cpu_seconds([&] {
    for (std::size_t done = 0; done < options.length; done += block.size()) {
      const std::size_t count = std::min(block.size(), options.length - done);
      expander.add(key, 0, done, std::span(block).first(count));
    }
  });
  return static_cast<double>(options.length * sizeof(Lane)) / seconds / 1e9;
}

double fused_gb_per_s(const Measurement& m, const Options& options) {
  if (m.lane_bytes == 2) return fused_gb_per_s<std::uint16_t>(m.path, options);
  if (m.lane_bytes == 4) return fused_gb_per_s<std::uint32_t>(m.path, options);
  return fused_gb_per_s<std::uint64_t>(m.path, options);
}

void print(const Measurement& m, double evp_gb_per_s, const Options& options) {
  const std::string path(name_of(m.path));
  const double speed = covey::bench::median(m.gb_per_s);
  const double ratio = covey::bench::median(m.ratio_to_evp);
  if (options.json) {
    const nlohmann::ordered_json line = {
        {"bench", "mask"},
        {"path", path},
        {"lane_bits", 8 * m.lane_bytes},
        {"length", options.length},
        {"block_bytes", options.block_bytes},
        {"gb_per_s", speed},
        {"evp_keystream_gb_per_s", evp_gb_per_s},
        {"ratio_to_evp_keystream", ratio},
    };
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("%-8s  %4zu  %8.2f  %12.2f  %6.2f\n", path.c_str(), 8 * m.lane_bytes, speed,
                evp_gb_per_s, ratio);
  }
}

int measure(const Options& options) {
  std::vector<Measurement> measurements;
  for (const MaskPath path : covey::crypto::available_mask_paths()) {
    for (const std::size_t lane_bytes :
         {sizeof(std::uint16_t), sizeof(std::uint32_t), sizeof(std::uint64_t)}) {
      measurements.push_back({path, lane_bytes, {}, {}});
    }
  }
  EvpKeystream keystream(options.block_bytes);
  std::vector<double> evp;
  for (std::size_t run = 0; run <= options.repeat; ++run) {
    for (Measurement& m : measurements) {
      const double plain = keystream.gb_per_s(options.length * m.lane_bytes);
      const double fused = fused_gb_per_s(m, options);
      if (run == 0) continue;  // warms caches and clock up
      evp.push_back(plain);
      m.gb_per_s.push_back(fused);
      m.ratio_to_evp.push_back(fused / plain);
    }
  }
  if (!keystream.ok()) {
    std::fprintf(stderr, "covey-bench-mask: OpenSSL's AES-256-CTR failed\n");
    return 1;
  }
  if (!options.json) {
    std::printf("%zu lanes, blocks of %zu bytes, median of %zu runs\n", options.length,
                options.block_bytes, options.repeat);
    std::printf("path      bits  add GB/s  EVP key GB/s   ratio\n");
  }
  for (const Measurement& m : measurements) print(m, covey::bench::median(evp), options);
  return 0;
}

int run(int argc, char** argv) {
  cxxopts::Options parser("covey-bench-mask", "Speed of mask expansion fused with the addition");
  parser.add_options()                                                                         //
      ("length", "lanes a run", cxxopts::value<std::size_t>()->default_value("1000000"))       //
      ("block-bytes", "bytes a call", cxxopts::value<std::size_t>()->default_value("131072"))  //
      ("repeat", "runs", cxxopts::value<std::size_t>()->default_value("9"))                    //
      ("format", "table or json", cxxopts::value<std::string>()->default_value("table"))       //
      ("help", "this text");
  const auto given = parser.parse(argc, argv);
  if (given.count("help") > 0) {
    std::printf("%s", parser.help().c_str());
    return 0;
  }
  const auto format = given["format"].as<std::string>();
  const Options options{given["length"].as<std::size_t>(), given["block-bytes"].as<std::size_t>(),
                        given["repeat"].as<std::size_t>(), format == "json"};
  constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 30;  // OpenSSL counts in int
  if (options.length == 0 || options.repeat == 0 || options.block_bytes < 8 ||
      options.block_bytes > kMaxBlockBytes || (format != "json" && format != "table")) {
    std::fprintf(stderr,
                 "covey-bench-mask: expected --length and --repeat of at least 1, --block-bytes "
                 "from 8 to 2^30, --format table or json\n");
    return 2;
  }
  return measure(options);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // cxxopts throws on a command line it cannot read
    std::fprintf(stderr, "covey-bench-mask: %s; see --help\n", error.what());
    return 2;
  }
}
