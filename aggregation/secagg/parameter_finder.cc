#include "covey/aggregation/secagg/parameter_finder.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "covey/base/check.h"
#include "hypergeometric.h"

namespace covey::secagg {
namespace {

constexpr std::uint32_t kMaxBits = 256;

std::string text_of_number(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

struct Group {
  std::int64_t devices;      // n
  std::int64_t accomplices;  // C
  std::int64_t vanishing;    // D
};

Group group_of(const ParameterRequest& request, std::uint32_t devices) {
  return {devices, devices_in_fraction(request.corrupt_fraction, devices),
          devices_in_fraction(request.dropout_fraction, devices)};
}

// How many accomplices a vanishing device weighs as much as.
std::int64_t weight_of_vanishing(Coordinator coordinator) {
  return coordinator == Coordinator::kLying ? 2 : 1;
}

// Whether any degree and threshold satisfy the conditions: exactly when the complete graph's do.
//
// Let w be 2 against a lying coordinator and 1 otherwise, x as in condition 4, and y the like for
// the vanishing. A threshold exists at degree k only if x + w y < k. Put n-1 neighbours on a circle
// in random order: the average over its n-1 windows of k is k C/(n-1) accomplices, so at least one
// window has as many, so P[HG(n-1, C, k) >= k C/(n-1)] >= 1/(n-1), which times n is above 1. Hence
// x >= k C/(n-1), likewise y >= k D/(n-1), and C + w D < n-1. This in turn suffices at k = n-1,
// where x = C, y = D and nothing is left to chance.
bool solvable(const Group& group, Coordinator coordinator) {
  return group.accomplices + weight_of_vanishing(coordinator) * group.vanishing < group.devices - 1;
}

Status check_limits(const ParameterRequest& request) {
  if (request.devices < 2 || request.devices > kMaxGroupDevices) {
    return invalid_argument("a group has 2 to " + std::to_string(kMaxGroupDevices) +
                            " devices, but " + std::to_string(request.devices) + " were asked for");
  }
  const auto check_fraction = [](const char* what, double fraction) -> Status {
    if (fraction >= 0 && fraction < 1) return {};  // false for NaN
    return invalid_argument(std::string("the ") + what +
                            " fraction must be at least 0 and below 1, but is " +
                            text_of_number(fraction));
  };
  COVEY_RETURN_IF_ERROR(check_fraction("corrupt", request.corrupt_fraction));
  COVEY_RETURN_IF_ERROR(check_fraction("dropout", request.dropout_fraction));
  const auto check_bits = [](const char* what, std::uint32_t bits) -> Status {
    if (bits >= 1 && bits <= kMaxBits) return {};
    return invalid_argument(std::string("the ") + what + " bits must be 1 to " +
                            std::to_string(kMaxBits) + ", but are " + std::to_string(bits));
  };
  COVEY_RETURN_IF_ERROR(check_bits("security", request.security_bits));
  return check_bits("completion", request.completion_bits);
}

// The least q with n P[HG(n-1, marked, degree) > q] <= 2^-bits, for degrees asked in ascending
// order: one more neighbour never lowers q, so that each search goes on where the last one ended.
class AscendingQuantile {
 public:
  AscendingQuantile(const HypergeometricTails& tails, std::int64_t devices, std::int64_t marked,
                    std::uint32_t bits)
      : tails_(tails),
        marked_(marked),
        limit_(-static_cast<long double>(bits) - std::log2(static_cast<long double>(devices))) {}

  std::int64_t at(std::int64_t degree) {
    while (tails_.log2_at_least(marked_, degree, quantile_ + 1) > limit_) ++quantile_;
    return quantile_;
  }

 private:
  const HypergeometricTails& tails_;
  std::int64_t marked_;
  long double limit_;
  std::int64_t quantile_ = 0;
};

// Tries degrees, in ascending order, for one solvable request.
class Search {
 public:
  explicit Search(const ParameterRequest& request)
      : group_(group_of(request, request.devices)),
        coordinator_(request.coordinator),
        connectivity_limit_(-static_cast<long double>(request.security_bits + 1)),
        tails_(request.devices - 1),
        accomplices_(tails_, group_.devices, group_.accomplices, request.security_bits + 1),
        vanishing_(tails_, group_.devices, group_.vanishing, request.completion_bits) {}
  Search(const Search&) = delete;  // the quantiles refer to tails_
  Search& operator=(const Search&) = delete;

  NeighbourhoodParameters sparse() {
    for (std::int64_t degree = 2; degree < group_.devices - 1; degree += 2) {
      if (auto found = at(degree)) return *found;
    }
    return complete();
  }

  NeighbourhoodParameters complete() {
    const auto found = at(group_.devices - 1);
    COVEY_CHECK(found.has_value());  // what `solvable` says, and its callers have asked
    return *found;
  }

 private:
  std::optional<NeighbourhoodParameters> at(std::int64_t degree) {
    const std::int64_t removed = group_.accomplices + group_.vanishing;
    const long double disconnected =
        log2_disconnected_bound(tails_, group_.devices, removed, degree);
    if (disconnected > connectivity_limit_) return std::nullopt;
    // Condition 1 says t > x; condition 4, which implies it as k >= x, says 2t > k + x; condition 3
    // says t <= k - y.
    const std::int64_t x = accomplices_.at(degree);
    const std::int64_t threshold = (coordinator_ == Coordinator::kLying ? (degree + x) / 2 : x) + 1;
    if (threshold > degree - vanishing_.at(degree)) return std::nullopt;

    // Fewer than t neighbours survive when more than k - t vanish: the upper tail is the small
    // side, so it is what is summed.
    const long double log2_devices = std::log2(static_cast<long double>(group_.devices));
    const long double exposed = tails_.log2_at_least(group_.accomplices, degree, threshold);
    const long double incomplete =
        tails_.log2_at_least(group_.vanishing, degree, degree - threshold + 1);
    NeighbourhoodParameters found;
    found.degree = static_cast<std::uint32_t>(degree);
    found.threshold = static_cast<std::uint32_t>(threshold);
    found.complete = degree == group_.devices - 1;
    found.accomplices = static_cast<std::uint32_t>(group_.accomplices);
    found.vanishing = static_cast<std::uint32_t>(group_.vanishing);
    found.accomplices_among_neighbours = static_cast<std::uint32_t>(x);
    found.log2_exposed = static_cast<double>(log2_devices + exposed);
    found.log2_disconnected = static_cast<double>(disconnected);
    found.log2_incomplete = static_cast<double>(log2_devices + incomplete);
    return found;
  }

  Group group_;
  Coordinator coordinator_;
  long double connectivity_limit_;
  HypergeometricTails tails_;
  AscendingQuantile accomplices_;
  AscendingQuantile vanishing_;
};

std::optional<GroupShare> share_of(std::int64_t count, std::int64_t devices) {
  if (count < 0) return std::nullopt;
  // Rounded up to a millionth: below (count + 1) / devices, since a group has fewer than a million
  // devices.
  const std::int64_t millionths = (count * 1'000'000 + devices - 1) / devices;
  return GroupShare{static_cast<std::uint32_t>(count), static_cast<double>(millionths) / 1e6};
}

std::string text_of_devices(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " device" : " devices");
}

// "up to 0.25 (5 devices) may vanish"
std::string text_of_share(const std::optional<GroupShare>& share, const char* what) {
  if (!share) return std::string("not even 0 may ") + what;
  if (share->devices == 0) return std::string("none may ") + what;
  return "up to " + text_of_number(share->fraction) + " (" + text_of_devices(share->devices) +
         ") may " + what;
}

Error refusal(const ParameterRequest& request, const LegalValues& legal) {
  const Group group = group_of(request, request.devices);
  const bool lying = request.coordinator == Coordinator::kLying;
  const std::int64_t neighbours = group.devices - 1;
  const std::int64_t least_threshold =
      (lying ? (neighbours + group.accomplices) / 2 : group.accomplices) + 1;
  const std::int64_t answering = neighbours - group.vanishing;
  const std::string corrupt = text_of_number(request.corrupt_fraction);
  const std::string dropout = text_of_number(request.dropout_fraction);
  return {ErrorCode::kFailedPrecondition,
          "no degree and threshold exist for " + std::to_string(group.devices) + " devices with " +
              corrupt + " corrupt and " + dropout + " vanishing against a " +
              (lying ? "lying" : "curious") +
              " coordinator: even when all are neighbours, privacy needs a threshold of " +
              std::to_string(least_threshold) + " or more and only " +
              std::to_string(std::max<std::int64_t>(answering, 0)) + " of a device's " +
              std::to_string(neighbours) + " neighbours are left to answer; at corrupt " + corrupt +
              " " + text_of_share(legal.most_vanishing, "vanish") + "; at dropout " + dropout +
              " " + text_of_share(legal.most_accomplices, "be corrupt") +
              "; with these fractions " +
              (legal.enough_devices
                   ? std::to_string(*legal.enough_devices) + " devices are enough"
                   : "no larger group up to " + std::to_string(kMaxGroupDevices) + " works")};
}

}  // namespace

std::uint32_t devices_in_fraction(double fraction, std::uint32_t devices) {
  return static_cast<std::uint32_t>(std::floor(std::round(fraction * devices * 1e9) / 1e9));
}

Result<LegalValues> legal_values(const ParameterRequest& request) {
  COVEY_RETURN_IF_ERROR(check_limits(request));
  const Group group = group_of(request, request.devices);
  const std::int64_t weight = weight_of_vanishing(request.coordinator);
  // The largest that `solvable` accepts.
  const std::int64_t room = group.devices - 2 - group.accomplices;
  LegalValues legal;
  legal.most_vanishing = share_of(room < 0 ? -1 : room / weight, group.devices);
  legal.most_accomplices = share_of(group.devices - 2 - weight * group.vanishing, group.devices);
  for (std::uint32_t devices = request.devices; devices <= kMaxGroupDevices; ++devices) {
    if (!solvable(group_of(request, devices), request.coordinator)) continue;
    legal.enough_devices = devices;
    break;
  }
  return legal;
}

Result<NeighbourhoodParameters> find_parameters(const ParameterRequest& request) {
  COVEY_ASSIGN_OR_RETURN(const LegalValues legal, legal_values(request));
  if (legal.enough_devices != request.devices) return refusal(request, legal);
  const bool complete = request.graph == Graph::kComplete ||
                        (request.graph == Graph::kAuto && request.devices <= kMaxCompleteByDefault);
  Search search(request);
  return complete ? search.complete() : search.sparse();
}

}  // namespace covey::secagg
