// covey-bench-codec: what the ring codec costs a device and the coordinator, each stage by itself
// and all together, beside its twin, which computes the same bits one element after another. On one
// core, interleaved, medians.
#include <malloc.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cxxopts.hpp>
#include <exception>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "aggregation/codec_twin.h"
#include "bench/timing.h"
#include "covey/aggregation/ring/decoder.h"
#include "covey/aggregation/ring/encoder.h"
#include "covey/aggregation/ring/flat_model.h"
#include "covey/aggregation/ring/rotation.h"
#include "covey/crypto/insecure_seeded_random.h"
#include "covey/crypto/mask_expander.h"
#include "kernels.h"

namespace {

using covey::crypto::InsecureSeededRandom;
using namespace covey::ring;

constexpr std::size_t kNoiseBlock = 4096;  // as the encoder makes it

struct Options {
  std::uint64_t length = 0;
  std::uint32_t bits = 0;  // of quantization
  std::uint64_t devices = 0;
  std::uint64_t weight = 0;
  bool rotate = false;
  std::size_t repeat = 0;
  bool json = false;
};

covey::ByteView bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(float)};
}

CodecSettings settings_of(const Options& options) {
  CodecSettings settings;
  settings.max_devices = options.devices;
  settings.max_weight = options.weight;
  settings.quantization_bits = options.bits;
  settings.clipping = L2Clip{1.0, {}};
  if (options.rotate) settings.rotation_seed = covey::Digest{1};
  return settings;
}

Manifest manifest_of(std::uint64_t length) {
  return Manifest::create({{"model", DType::kF32, {length}, Role::kTrain}}).value();
}

// What all stages work on. The difference has twice the norm that the clip allows.
struct World {
  explicit World(const Options& options)
      : weight(options.weight),
        manifest(manifest_of(options.length)),
        parameters(CodecParameters::create(manifest, settings_of(options)).value()),
        quantizer{parameters.train_range(), parameters.max_level()},
        noise(options.length) {
    std::mt19937_64 random(1);
    const double deviation = 2 / std::sqrt(static_cast<double>(options.length));
    std::normal_distribution<float> normal(0, static_cast<float>(deviation));
    for (std::uint64_t i = 0; i < options.length; ++i) {
      global.push_back(normal(random));
      updated.push_back(global[i] + normal(random));
    }
    difference.resize(options.length);
    twin::difference(updated, global, difference);
    scratch = difference;
    twin::noise(covey::SecretKey(), 0, noise);
    InsecureSeededRandom generator(1);
    vector = twin::encode(parameters, difference, weight, generator);
    sum = vector;
  }

  std::uint64_t weight;
  Manifest manifest;
  CodecParameters parameters;
  twin::Quantizer quantizer;
  std::vector<std::uint32_t> noise;
  std::vector<float> updated, global, difference, scratch;
  RingVector vector, sum;
  double sink = 0;  // what would otherwise be computed for nobody
};

// One thing measured, both ways. `scratch` is the difference before each run.
struct Stage {
  std::string name;
  std::function<void(World&)> twin;
  std::function<void(World&)> codec;
  std::vector<double> twin_ms = {};
  std::vector<double> codec_ms = {};
};

void load_difference(World& w) {
  const TensorView updated{DType::kF32, bytes_of(w.updated)};
  const TensorView global{DType::kF32, bytes_of(w.global)};
  const auto loaded =
      load_flat_difference(w.manifest, std::span(&updated, 1), std::span(&global, 1), w.scratch);
  w.sink += loaded.has_value() ? 1 : 0;
}

void make_noise(World& w) {
  const covey::SecretKey key;
  covey::crypto::MaskExpander expander;
  for (std::size_t start = 0; start < w.noise.size(); start += kNoiseBlock) {
    const std::size_t count = std::min(kNoiseBlock, w.noise.size() - start);
    const auto lanes = std::span(w.noise).first(count);
    std::fill(lanes.begin(), lanes.end(), 0u);
    expander.add(key, 0, start, lanes);
  }
}

template <typename Lane>
void quantize(World& w, std::vector<Lane>& lanes) {
  const Quantizer quantizer{w.quantizer.range, w.quantizer.max_level};
  const auto clipped = kernels().lanes<Lane>().quantize(w.difference, w.noise, quantizer, w.weight,
                                                        std::span<Lane>(lanes));
  w.sink += static_cast<double>(clipped);
}

template <typename Lane>
void dequantize(World& w, const std::vector<Lane>& lanes) {
  const Quantizer quantizer{w.quantizer.range, w.quantizer.max_level};
  const bool possible = kernels().lanes<Lane>().dequantize(
      std::span<const Lane>(lanes), w.parameters.shape().bits, quantizer, w.weight, w.scratch);
  w.sink += possible ? 1 : 0;
}

template <typename Lane>
void twin_quantize(World& w, std::vector<Lane>& lanes) {
  const auto clipped =
      twin::quantize(w.difference, w.noise, w.quantizer, w.weight, std::span<Lane>(lanes));
  w.sink += static_cast<double>(clipped);
}

template <typename Lane>
void twin_dequantize(World& w, const std::vector<Lane>& lanes) {
  const bool possible = twin::dequantize(std::span<const Lane>(lanes), w.parameters.shape().bits,
                                         w.quantizer, w.weight, w.scratch);
  w.sink += possible ? 1 : 0;
}

void encode(World& w) {
  InsecureSeededRandom random(1);
  w.vector = encode_update(w.manifest, w.parameters, w.scratch, {w.weight, {}}, random,
                           std::move(w.vector))
                 .value();
}

void twin_encode(World& w) {
  InsecureSeededRandom random(1);
  w.vector = twin::encode(w.parameters, w.difference, w.weight, random);
}

std::vector<Stage> stages() {
  const covey::Digest seed{1};
  const auto on_lanes = [](auto work) {
    return
        [work](World& w) { std::visit([&](auto& lanes) { work(w, lanes); }, w.vector.elements); };
  };
  return {
      {"difference", [](World& w) { twin::difference(w.updated, w.global, w.scratch); },
       load_difference},
      {"check+norm",
       [](World& w) { w.sink += twin::all_finite(w.difference) ? twin::l2_norm(w.difference) : 0; },
       [](World& w) { w.sink += kernels().sum_of_squares(w.difference); }},
      {"clip", [](World& w) { twin::scale(w.scratch, 0.5); },
       [](World& w) { kernels().scale(w.scratch, 0.5); }},
      {"rotate", [seed](World& w) { twin::rotate(w.scratch, seed); },
       [seed](World& w) { rotate(w.scratch, seed); }},
      {"noise", [](World& w) { twin::noise(covey::SecretKey(), 0, w.noise); }, make_noise},
      {"quantize", on_lanes([](World& w, auto& lanes) { twin_quantize(w, lanes); }),
       on_lanes([](World& w, auto& lanes) { quantize(w, lanes); })},
      {"encode", twin_encode, encode},
      {"add", [](World& w) { twin::add(w.sum, w.vector); }, [](World& w) { w.sum.add(w.vector); }},
      {"dequantize", on_lanes([](World& w, auto& lanes) { twin_dequantize(w, lanes); }),
       on_lanes([](World& w, auto& lanes) { dequantize(w, lanes); })},
      {"unrotate", [seed](World& w) { twin::unrotate(w.scratch, seed); },
       [seed](World& w) { unrotate(w.scratch, seed); }},
      {"decode", [](World& w) { w.sink += twin::decode(w.parameters, w.vector, w.weight)->back(); },
       [](World& w) {
         w.sink += decode_sum(w.parameters, w.vector, 1).value().weighted_differences.back();
       }},
  };
}

void print(const Stage& stage, const Options& options) {
  const double twin = covey::bench::median(stage.twin_ms);
  const double codec = covey::bench::median(stage.codec_ms);
  if (options.json) {
    const nlohmann::ordered_json line = {
        {"bench", "codec"},
        {"stage", stage.name},
        {"path", std::string(name_of(available_kernel_paths().front()))},
        {"length", options.length},
        {"bits", options.bits},
        {"rotate", options.rotate},
        {"ms", codec},
        {"twin_ms", twin},
    };
    std::printf("%s\n", line.dump().c_str());
  } else {
    std::printf("%-12s  %8.4f  %8.4f  %6.1f\n", stage.name.c_str(), codec, twin, twin / codec);
  }
}

int measure(const Options& options) {
  World world(options);
  std::vector<Stage> measured = stages();
  for (std::size_t run = 0; run <= options.repeat; ++run) {
    for (Stage& stage : measured) {
      world.scratch = world.difference;
      const double twin = covey::bench::time_cpu_seconds([&] { stage.twin(world); });
      world.scratch = world.difference;
      const double codec = covey::bench::time_cpu_seconds([&] { stage.codec(world); });
      if (run == 0) continue;  // warms caches and clock up
      stage.twin_ms.push_back(1000 * twin);
      stage.codec_ms.push_back(1000 * codec);
    }
  }
  if (!options.json) {
    std::printf("%llu elements, %u bits in a ring of %u, path %s, median of %zu runs\n",
                static_cast<unsigned long long>(options.length), options.bits,
                world.parameters.shape().bits,
                std::string(name_of(available_kernel_paths().front())).c_str(), options.repeat);
    std::printf("stage               ms   twin ms   ratio\n");
  }
  for (const Stage& stage : measured) print(stage, options);
  return std::isfinite(world.sink) ? 0 : 1;
}

int run(int argc, char** argv) {
  cxxopts::Options parser("covey-bench-codec", "Cost of the ring codec, stage by stage");
  parser.add_options()                                                                     //
      ("length", "elements", cxxopts::value<std::uint64_t>()->default_value("199210"))     //
      ("bits", "quantization bits", cxxopts::value<std::uint32_t>()->default_value("8"))   //
      ("devices", "in one sum", cxxopts::value<std::uint64_t>()->default_value("100"))     //
      ("weight", "of each device", cxxopts::value<std::uint64_t>()->default_value("500"))  //
      ("rotate", "with the rotation")                                                      //
      ("repeat", "runs", cxxopts::value<std::size_t>()->default_value("51"))               //
      ("format", "table or json", cxxopts::value<std::string>()->default_value("table"))   //
      ("help", "this text");
  const auto given = parser.parse(argc, argv);
  if (given.count("help") > 0) {
    std::printf("%s", parser.help().c_str());
    return 0;
  }
  const auto format = given["format"].as<std::string>();
  const Options options{given["length"].as<std::uint64_t>(),
                        given["bits"].as<std::uint32_t>(),
                        given["devices"].as<std::uint64_t>(),
                        given["weight"].as<std::uint64_t>(),
                        given.count("rotate") > 0,
                        given["repeat"].as<std::size_t>(),
                        format == "json"};
  constexpr std::uint64_t kMostElements = std::uint64_t{1} << 28;  // some 10 GB
  if (options.length == 0 || options.length > kMostElements || options.repeat == 0 ||
      (format != "json" && format != "table")) {
    std::fprintf(stderr,
                 "covey-bench-codec: expected --length from 1 to 2^28, --repeat of at least 1, "
                 "--format table or json\n");
    return 2;
  }
  const auto parameters =
      CodecParameters::create(manifest_of(options.length), settings_of(options));
  if (!parameters) {
    std::fprintf(stderr, "covey-bench-codec: %s\n", parameters.error().message.c_str());
    return 2;
  }
  return measure(options);
}

}  // namespace

int main(int argc, char** argv) {
  // Freed memory stays with the process: what a fresh page costs is the machine's affair.
  mallopt(M_MMAP_THRESHOLD, INT_MAX);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {  // cxxopts throws on a command line it cannot read
    std::fprintf(stderr, "covey-bench-codec: %s; see --help\n", error.what());
    return 2;
  }
}
