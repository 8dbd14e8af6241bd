#include "covey/simulation/faults.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <span>
#include <vector>

#include "covey/datasets/draws.h"

namespace covey::simulation {
namespace {

constexpr std::array<std::string_view, kSteps.size()> kStepNames = {
    "fetch", "train", "join", "advertise", "share", "mask", "agree", "unmask"};
constexpr std::array<std::string_view, kFaultKinds.size()> kKindNames = {
    "drop", "crash", "delay", "corrupt", "nan", "partial"};

// Apart from the other things that are drawn for a round and a device.
constexpr std::uint64_t kStream = 0x6661756c7473;

template <typename Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::string listed(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == line.npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find(' '), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

std::optional<std::uint64_t> whole_number(std::string_view word) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view name_of(Step step) { return kStepNames[static_cast<std::size_t>(step)]; }
std::string_view name_of(FaultKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::optional<Step> step_from_name(std::string_view name) {
  return find_name<Step>(kStepNames, name);
}
std::optional<FaultKind> fault_from_name(std::string_view name) {
  return find_name<FaultKind>(kKindNames, name);
}

bool is_possible(FaultKind kind, Step step) {
  if (kind == FaultKind::kNan || kind == FaultKind::kPartial) return step == Step::kTrain;
  return kind != FaultKind::kCorrupt || step >= Step::kAdvertise;
}

bool FaultSettings::is_empty() const {
  const auto is_zero = [](double value) { return value == 0; };
  return schedule.empty() && std::ranges::all_of(probability, is_zero) &&
         std::ranges::all_of(
             at, [&](const auto& steps) { return std::ranges::all_of(steps, is_zero); });
}

std::optional<Fault> FaultSettings::draw(std::uint64_t seed, std::uint64_t round,
                                         std::uint64_t device) const {
  const auto scheduled = schedule.find({round, device});
  if (scheduled != schedule.end()) return scheduled->second;
  using datasets::mixed_seed;
  datasets::Draws draws(mixed_seed(mixed_seed(mixed_seed(seed, kStream), round), device));
  for (std::size_t k = 0; k < kKindNames.size(); ++k) {
    const auto kind = static_cast<FaultKind>(k);
    // Thrown whether they are needed or not.
    const double whether = draws.unit();
    const double where = draws.unit();
    const auto possible =
        std::ranges::count_if(kSteps, [&](Step step) { return is_possible(kind, step); });
    std::array<double, kSteps.size()> chances{};
    for (std::size_t s = 0; s < kSteps.size(); ++s) {
      const bool is_even = is_possible(kind, kSteps[s]);
      chances[s] = at[k][s] + (is_even ? probability[k] / static_cast<double>(possible) : 0);
    }
    const double total = std::accumulate(chances.begin(), chances.end(), 0.0);
    if (whether >= total) continue;
    double below = 0;
    for (std::size_t s = 0; s < kSteps.size(); ++s) {
      below += chances[s];
      if (where * total < below) return Fault{kind, kSteps[s]};
    }
  }
  return std::nullopt;
}

Status add_scheduled(std::string_view line, FaultSettings& settings) {
  const std::vector<std::string_view> words = words_of(line);
  const auto round = words.size() == 4 ? whole_number(words[0]) : std::nullopt;
  const auto device = words.size() == 4 ? whole_number(words[1]) : std::nullopt;
  if (!round || *round == 0 || !device) {
    return invalid_argument(
        "a fault is a round (from 1), a device (from 0), what happens and at which step, such as "
        "\"3 17 drop mask\"");
  }
  const auto kind = fault_from_name(words[2]);
  if (!kind) return invalid_argument("what happens is one of " + listed(kKindNames));
  const auto step = step_from_name(words[3]);
  if (!step) return invalid_argument("a step is one of " + listed(kStepNames));
  if (!is_possible(*kind, *step)) {
    std::vector<std::string_view> steps;
    for (const Step possible : kSteps) {
      if (is_possible(*kind, possible)) steps.push_back(name_of(possible));
    }
    return invalid_argument(std::string(name_of(*kind)) + " can happen at " + listed(steps) +
                            ", not at " + std::string(name_of(*step)));
  }
  if (!settings.schedule.try_emplace({*round, *device}, Fault{*kind, *step}).second) {
    return invalid_argument("device " + std::to_string(*device) + " has two faults in round " +
                            std::to_string(*round) + ", and may have one");
  }
  return {};
}

}  // namespace covey::simulation
