#include "simulation/output/display/status_line.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "covey/shell/numbers.h"
#include "covey/shell/table.h"

namespace covey::simulation {
namespace {

constexpr std::size_t kBarWidth = 20;
// From nothing to a whole block in eighths.
constexpr std::array kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

std::string bar_of(double part) {
  const auto eighths = static_cast<std::size_t>(std::floor(part * kBarWidth * 8));
  std::string out;
  for (std::size_t i = 0; i < eighths / 8; ++i) out += kEighths[8];
  out += kEighths[eighths % 8];
  return shell::padded(out, kBarWidth, false);
}

}  // namespace

double RunProgress::part() const {
  if (rounds == 0) return 0;
  const double of_round =
      devices == 0 ? 0 : static_cast<double>(trained) / static_cast<double>(devices);
  const double done = static_cast<double>(completed) + std::min(of_round, 1.0);
  return std::clamp(done / static_cast<double>(rounds), 0.0, 1.0);
}

std::string status_line(const RunProgress& progress, std::size_t width) {
  std::vector<std::string> parts = {"▕" + bar_of(progress.part()) + "▏ round " +
                                    std::to_string(progress.round) + " of " +
                                    std::to_string(progress.rounds)};
  if (!progress.headline.empty()) parts.push_back(progress.headline);
  if (progress.left) {
    parts.push_back(shell::text_of_milliseconds(progress.left->count()) + " left");
  }
  if (progress.devices > 0) {
    parts.push_back(std::to_string(progress.trained) + "/" + std::to_string(progress.devices) +
                    " devices");
  }
  if (progress.updates_per_second > 0) {
    parts.push_back(shell::text_of_number(progress.updates_per_second, 1) + " updates/s");
  }
  std::string out;
  for (const std::string& part : parts) {
    const std::string longer = out.empty() ? part : out + " · " + part;
    if (shell::width_of(longer) > width) break;
    out = longer;
  }
  return out;
}

}  // namespace covey::simulation
