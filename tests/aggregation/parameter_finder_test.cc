#include "covey/aggregation/secagg/parameter_finder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>

#include "aggregation/exact_counts.h"
#include "support/catch.h"
#include "support/seeds.h"

namespace covey::secagg {
namespace {

using covey::testing::choose;
using covey::testing::draws_that_hit;
using covey::testing::for_each_seed;
using covey::testing::Seed;

// Exact integers: the naive twin decides every condition by whole numbers, with no logarithm and no
// rounding.
__extension__ using Wide = unsigned __int128;

constexpr std::uint32_t kTwinDevices = 50;  // C(49, 24) devices 2^61 < 2^128

bool at_most(Wide numerator, std::uint64_t denominator, std::uint32_t bits) {
  return (numerator << bits) <= denominator;
}

struct Solution {
  std::int64_t degree;
  std::int64_t threshold;
};

// Tries every degree and every threshold, in order.
std::optional<Solution> naive(std::int64_t n, std::int64_t accomplices, std::int64_t vanishing,
                              const ParameterRequest& request) {
  const std::uint32_t security = request.security_bits + 1;
  const std::int64_t removed = accomplices + vanishing;
  if (removed >= n) return std::nullopt;
  const auto wide = [n](std::uint64_t count) {
    return static_cast<Wide>(count) * static_cast<Wide>(n);
  };
  for (std::int64_t k = 1; k < n; ++k) {
    if (k % 2 != 0 && k != n - 1) continue;
    const std::int64_t left = n - removed;
    const Wide cuts =
        k == n - 1 ? 0 : static_cast<Wide>(choose(left, 2)) * choose(n - k - 1, left - 1);
    if (!at_most(cuts, choose(n - 1, left - 1), security)) continue;
    std::int64_t x = 0;
    const std::uint64_t all = choose(n - 1, k);
    while (!at_most(wide(draws_that_hit(n - 1, accomplices, k, x + 1, k)), all, security)) ++x;
    for (std::int64_t t = 1; t <= k; ++t) {
      const bool private_ =
          at_most(wide(draws_that_hit(n - 1, accomplices, k, t, k)), all, security);
      const bool completes = at_most(wide(draws_that_hit(n - 1, n - 1 - vanishing, k, 0, t - 1)),
                                     all, request.completion_bits);
      const bool one_answer = request.coordinator == Coordinator::kCurious || 2 * t > k + x;
      if (private_ && completes && one_answer) return Solution{k, t};
    }
  }
  return std::nullopt;
}

ParameterRequest request_of(std::uint32_t devices, double corrupt, double dropout,
                            Coordinator coordinator = Coordinator::kLying,
                            Graph graph = Graph::kSparse) {
  ParameterRequest request;
  request.devices = devices;
  request.corrupt_fraction = corrupt;
  request.dropout_fraction = dropout;
  request.coordinator = coordinator;
  request.graph = graph;
  return request;
}

NeighbourhoodParameters found(const ParameterRequest& request) {
  const auto result = find_parameters(request);
  INFO(request.devices << " devices, " << request.corrupt_fraction << " corrupt, "
                       << request.dropout_fraction
                       << " vanishing: " << (result ? "found" : result.error().message));
  REQUIRE(result.has_value());
  return *result;
}

std::uint32_t uniform(std::mt19937_64& random, std::uint32_t low, std::uint32_t high) {
  return low + static_cast<std::uint32_t>(random() % (high - low + 1));
}

Coordinator any_coordinator(std::mt19937_64& random) {
  return random() % 2 == 0 ? Coordinator::kLying : Coordinator::kCurious;
}

}  // namespace

TEST_CASE("degree and threshold are the least that satisfy all conditions",
          "[parameter_finder][property]") {
  for_each_seed(600, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::uint32_t n = uniform(random, 2, kTwinDevices);
    const std::uint32_t corrupt = uniform(random, 0, 50), dropout = uniform(random, 0, 50);
    ParameterRequest request =
        request_of(n, corrupt / 100.0, dropout / 100.0, any_coordinator(random));
    request.security_bits = uniform(random, 1, 40);
    request.completion_bits = uniform(random, 1, 30);
    const auto expected = naive(n, n * corrupt / 100, n * dropout / 100, request);
    const auto result = find_parameters(request);
    INFO(n << " devices, " << corrupt << " % corrupt, " << dropout << " % vanishing");
    REQUIRE(result.has_value() == expected.has_value());
    if (!expected) return;
    REQUIRE(result->degree == expected->degree);
    REQUIRE(result->threshold == expected->threshold);
    REQUIRE(result->complete == (result->degree == n - 1));
    REQUIRE(result->accomplices == n * corrupt / 100);
    REQUIRE(result->vanishing == n * dropout / 100);
  });
}

TEST_CASE("the anchors of small, large, curious and lying groups are found", "[parameter_finder]") {
  struct Anchor {
    ParameterRequest request;
    std::uint32_t degree, threshold, accomplices_among_neighbours;
    double log2_exposed, log2_disconnected, log2_incomplete;
  };
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  constexpr Coordinator kCurious = Coordinator::kCurious;
  // The neighbours and thresholds of [Bell20]'s model; the logarithms from integers of unlimited
  // size.
  const Anchor anchors[] = {
      {request_of(1000, .05, .05), 52, 37, 20, -134.33045358763152, -175.7556357107416,
       -21.384830441376124},
      {request_of(1000, .05, .05, kCurious), 30, 17, 16, -41.50255936254254, -87.35806267383424,
       -26.979491915740795},
      {request_of(1000, .05, .3), 314, 179, 42, kNever, -710.8453335451395, -20.280986086103866},
      {request_of(1000, .05, .33, kCurious), 72, 24, 23, -42.002096673667126, -89.4477530001389,
       -21.753027789247398},
      {request_of(100, .05, .1), 26, 16, 5, kNever, kNever, kNever},
      {request_of(20, .4, .25), 19, 14, 8, kNever, kNever, kNever},
      {request_of(65535, .05, .05), 68, 48, 26, -137.18113678933625, -195.66923339269547,
       -20.76108623635642},
      {request_of(20000, .1, .3, kCurious), 114, 46, 45, -41.87828827592085, -125.29176355072786,
       -21.84958497602858},
  };
  const auto same = [](double value, double expected) {
    return value == expected || std::abs(value - expected) < 1e-9;  // equal when both are -infinity
  };
  for (const Anchor& anchor : anchors) {
    const NeighbourhoodParameters parameters = found(anchor.request);
    INFO(anchor.request.devices << " devices");
    CHECK(parameters.degree == anchor.degree);
    CHECK(parameters.threshold == anchor.threshold);
    CHECK(parameters.accomplices_among_neighbours == anchor.accomplices_among_neighbours);
    CHECK(same(parameters.log2_exposed, anchor.log2_exposed));
    CHECK(same(parameters.log2_disconnected, anchor.log2_disconnected));
    CHECK(same(parameters.log2_incomplete, anchor.log2_incomplete));
  }
}

TEST_CASE("whoever fears more needs no fewer neighbours", "[parameter_finder][property]") {
  for_each_seed(60, [](Seed seed) {
    std::mt19937_64 random(seed);
    const auto fraction = [&] { return uniform(random, 0, 150) / 1000.0; };
    const ParameterRequest base =
        request_of(uniform(random, 300, 3000), fraction(), fraction(), any_coordinator(random));
    const std::uint32_t degree = found(base).degree;
    ParameterRequest worse = base;
    worse.corrupt_fraction += fraction();
    CHECK(found(worse).degree >= degree);
    worse = base;
    worse.dropout_fraction += fraction();
    CHECK(found(worse).degree >= degree);
    worse = base;
    worse.security_bits += uniform(random, 1, 60);
    CHECK(found(worse).degree >= degree);
    worse = base;
    worse.completion_bits += uniform(random, 1, 60);
    CHECK(found(worse).degree >= degree);
    worse = base;
    worse.coordinator = Coordinator::kLying;
    CHECK(found(worse).degree >= degree);
  });
}

TEST_CASE("groups of up to 200 devices use the complete graph unless told otherwise",
          "[parameter_finder]") {
  const auto degree = [](std::uint32_t devices, Graph graph) {
    return found(request_of(devices, .05, .05, Coordinator::kLying, graph)).degree;
  };
  CHECK(degree(200, Graph::kAuto) == 199);
  CHECK(degree(201, Graph::kAuto) == degree(201, Graph::kSparse));
  CHECK(degree(201, Graph::kAuto) < 200);
  CHECK(degree(200, Graph::kSparse) < 199);
  CHECK(degree(201, Graph::kComplete) == 200);
  CHECK(ParameterRequest{}.graph == Graph::kAuto);
}

TEST_CASE("on the complete graph the threshold outvotes accomplices, and chance plays no part",
          "[parameter_finder]") {
  const auto complete = [](Coordinator coordinator) {
    return found(request_of(1000, .05, .05, coordinator, Graph::kComplete));
  };
  CHECK(complete(Coordinator::kCurious).threshold == 51);
  const NeighbourhoodParameters lying = complete(Coordinator::kLying);
  CHECK(lying.threshold == 525);  // 2t > 999 + 50
  CHECK(lying.complete);
  CHECK(std::isinf(lying.log2_exposed));
  CHECK(std::isinf(lying.log2_disconnected));
  CHECK(std::isinf(lying.log2_incomplete));
}

TEST_CASE("a refusal says what is asked, what fails and what would be legal",
          "[parameter_finder]") {
  const auto refused = find_parameters(request_of(20, .4, .4));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kFailedPrecondition);
  for (const char* part :
       {"20 devices with 0.4 corrupt and 0.4 vanishing", "a threshold of 14", "only 11 of",
        "at corrupt 0.4 up to 0.25 (5 devices) may vanish",
        "at dropout 0.4 up to 0.1 (2 devices) may be corrupt", "no larger group"}) {
    INFO(part << " in: " << refused.error().message);
    CHECK(refused.error().message.find(part) != std::string::npos);
  }
}

TEST_CASE("where even nothing is too much, no value is called legal", "[parameter_finder]") {
  const auto none = legal_values(request_of(20, .99, 0));
  REQUIRE(none.has_value());
  CHECK_FALSE(none->most_vanishing.has_value());
  CHECK(none->most_accomplices->devices == 18);
  const auto only_zero = legal_values(request_of(20, .9, .9));
  REQUIRE(only_zero.has_value());
  CHECK(only_zero->most_vanishing->devices == 0);
  CHECK_FALSE(only_zero->most_accomplices.has_value());
}

TEST_CASE("legal values are legal, and the next ones are not", "[parameter_finder][property]") {
  for_each_seed(80, [](Seed seed) {
    std::mt19937_64 random(seed);
    const std::uint32_t n = uniform(random, 2, uniform(random, 2, 400));
    const auto fraction = [&] { return uniform(random, 0, 999) / 1000.0; };
    const ParameterRequest base =
        request_of(n, fraction(), fraction(), any_coordinator(random), Graph::kComplete);
    const auto legal = legal_values(base);
    REQUIRE(legal.has_value());

    const auto check_limit = [&](double ParameterRequest::*field,
                                 const std::optional<GroupShare>& most) {
      ParameterRequest request = base;
      if (most) {
        request.*field = most->fraction;
        CHECK(devices_in_fraction(most->fraction, n) == most->devices);
        CHECK(find_parameters(request).has_value());
      }
      const std::uint32_t next = most ? most->devices + 1 : 0;
      request.*field = static_cast<double>(next) / n;
      CHECK_FALSE(find_parameters(request).has_value());
    };
    check_limit(&ParameterRequest::dropout_fraction, legal->most_vanishing);
    check_limit(&ParameterRequest::corrupt_fraction, legal->most_accomplices);

    ParameterRequest request = base;
    const std::uint32_t end = legal->enough_devices.value_or(n + 20);
    for (request.devices = end - std::min(end - n, 20u); request.devices < end; ++request.devices) {
      CHECK_FALSE(find_parameters(request).has_value());
    }
    if (legal->enough_devices) CHECK(find_parameters(request).has_value());
  });
}

TEST_CASE("a fraction of a group does not suffer from binary fractions", "[parameter_finder]") {
  CHECK(0.29 * 100 < 29);
  CHECK(devices_in_fraction(0.29, 100) == 29);
  CHECK(devices_in_fraction(0.2899, 100) == 28);
  for (std::uint32_t devices = 2; devices <= kMaxGroupDevices; devices += 61) {
    std::uint32_t wrong = 0;
    for (std::uint32_t thousandths = 0; thousandths < 1000; ++thousandths) {
      if (devices_in_fraction(thousandths / 1000.0, devices) != devices * thousandths / 1000)
        ++wrong;
    }
    INFO(devices << " devices");
    REQUIRE(wrong == 0);
  }
}

TEST_CASE("requests outside the limits are refused by name", "[parameter_finder]") {
  const auto refused_for = [](const ParameterRequest& request, const char* part) {
    const auto result = find_parameters(request);
    const auto legal = legal_values(request);
    REQUIRE_FALSE(result.has_value());
    REQUIRE_FALSE(legal.has_value());
    INFO(result.error().message);
    CHECK(result.error().code == ErrorCode::kInvalidArgument);
    CHECK(legal.error().code == ErrorCode::kInvalidArgument);
    CHECK(result.error().message.find(part) != std::string::npos);
  };
  for (const std::uint32_t devices : {0u, 1u, 65536u, 4'294'967'295u}) {
    refused_for(request_of(devices, 0, 0), "2 to 65535 devices");
  }
  const double not_a_number = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double fraction : {-0.001, 1.0, 7.0, not_a_number, infinity, -infinity}) {
    refused_for(request_of(100, fraction, 0), "corrupt fraction");
    refused_for(request_of(100, 0, fraction), "dropout fraction");
  }
  for (const std::uint32_t bits : {0u, 257u}) {
    ParameterRequest request = request_of(100, 0, 0);
    request.security_bits = bits;
    refused_for(request, "security bits");
    request = request_of(100, 0, 0);
    request.completion_bits = bits;
    refused_for(request, "completion bits");
  }
  CHECK(found(request_of(2, 0, 0)).degree == 1);
  CHECK(find_parameters(request_of(65535, 0, 0)).has_value());
}

}  // namespace covey::secagg
