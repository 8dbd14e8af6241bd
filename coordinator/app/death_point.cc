#include "coordinator/app/death_point.h"

#include <algorithm>
#include <charconv>
#include <csignal>

namespace covey::coordinator {

std::vector<std::string> instants_of(std::span<const std::string_view> operations) {
  std::vector<std::string> instants;
  for (const std::string_view operation : operations) {
    instants.push_back("before-" + std::string(operation));
    instants.push_back("after-" + std::string(operation));
  }
  return instants;
}

Result<DeathPoint> DeathPoint::read(const std::string& text,
                                    std::span<const std::string_view> operations) {
  const std::vector<std::string> instants = instants_of(operations);
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto found = std::ranges::find(instants, text.substr(0, colon));
  const std::string number = colon < text.size() ? text.substr(colon + 1) : std::string();
  std::uint64_t passing = 0;
  const char* const end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, passing);
  if (found == instants.end() || read.ec != std::errc() || read.ptr != end || passing == 0) {
    std::string all;
    for (const std::string& instant : instants) all += (all.empty() ? "" : ", ") + instant;
    return invalid_argument("INSTANT:N is expected, for instance " + instants.back() +
                            ":3, and not '" + text + "'; the instants are " + all);
  }
  const auto place = static_cast<std::size_t>(found - instants.begin());
  return DeathPoint{place / 2, place % 2 == 1, passing};
}

void Fuse::pass(std::size_t operation, bool is_after) {
  if (operation != point_.operation || is_after != point_.is_after) return;
  if (++passings_ == point_.passing) std::raise(SIGKILL);
}

}  // namespace covey::coordinator
