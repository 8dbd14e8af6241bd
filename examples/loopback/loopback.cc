// covey-loopback: one secure aggregation, told step by step. Devices, some of which vanish on the
// way, and a coordinator, in one process. Start here: this file tells the story, group.cc is what a
// program around the protocol has to do.
//
// Exit status: 0 the sum is right; 1 the group ended without one; 2 bad usage.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cxxopts.hpp>

#include "covey/base/secret.h"
#include "group.h"

namespace {

using namespace covey;
using namespace loopback;

constexpr std::size_t kShown = 6;  // numbers of a vector

std::string text(const char* format, auto... values) {
  char line[128];
  std::snprintf(line, sizeof line, format, values...);
  return line;
}
void say(const char* label, const std::string& what) {
  std::printf("   %-20s %s\n", label, what.c_str());
}
void heading(const std::string& title) { std::printf("\n%s\n", title.c_str()); }

std::string row(const char* format, const auto& numbers) {
  std::string out;
  for (std::size_t i = 0; i < std::min(kShown, numbers.size()); ++i)
    out += text(format, numbers[i]);
  return out + (numbers.size() > kShown ? "  …" : "");
}

const std::vector<std::uint32_t>& lanes_of(const ring::RingVector& vector) {
  return std::get<std::vector<std::uint32_t>>(vector.elements);
}

// How a vector's numbers are spread over the ring, in eighths of it: "12 % 13 % …".
std::string spread(const std::vector<std::uint32_t>& numbers, std::uint32_t bits) {
  std::array<double, 8> eighths{};
  for (const std::uint32_t number : numbers) eighths[number >> (bits - 3)] += 1;
  for (double& eighth : eighths) eighth *= 100.0 / static_cast<double>(numbers.size());
  std::string out;
  for (const double eighth : eighths) out += text("%6.1f %%", eighth);
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "nobody" : out;
}

void tell_setting(const Group& group) {
  const auto& shape = group.codec().shape();
  heading("The setting");
  say("devices", text("%zu, each with an identity key in a certificate of one authority",
                      group.devices().size()));
  say("each has", text("%llu numbers that it learned, an example count and a loss: all private",
                       static_cast<unsigned long long>(shape.length)));
  say("the ring",
      text("whole numbers modulo 2^%u: room for the sum, proven beforehand", shape.bits));
  say("the policy", "pinned in the app: at least 10 devices, 5 survivors, secure against a");
  say("", "coordinator that lies and has 5 % of the devices as accomplices");
}

void tell_bytes(const Group& group, const StepReport& report) {
  say("answered",
      text("%zu devices;  vanished: %s", report.answered, joined(report.vanished).c_str()));
  say(group.witness().name.c_str(),
      text("received %zu bytes, sent %zu bytes", report.received_bytes, report.sent_bytes));
}

void tell_advertise(const Group& group, const StepReport& report) {
  heading("Step 0  advertise: who is here, with which keys for this round");
  tell_bytes(group, report);
  say("sent", "two X25519 keys, a commitment to a self-mask seed, its certificate,");
  say("", "an Ed25519 signature over all that and over plan, model and ring");
  const auto parameters = group.coordinator().parameters();
  if (!parameters) return;
  say("the group", text("%u devices, each with %u neighbours; %u of those can lift a mask",
                        parameters->devices, parameters->degree, parameters->threshold));
}

void tell_share(const Group& group, const StepReport& report) {
  heading("Step 1  share: each device splits its two seeds among its neighbours");
  tell_bytes(group, report);
  say("received", "the roster; it checked every signature, and its own policy");
  say("sent", "one sealed box a neighbour: a share of its mask seed, one of its self-mask");
  say("", "seed. The coordinator passes the boxes on and cannot open them");
}

void tell_mask(const Group& group, const StepReport& report) {
  const Device& witness = group.witness();
  const std::uint32_t bits = group.codec().shape().bits;
  heading("Step 2  mask: the numbers go out, hidden");
  tell_bytes(group, report);
  say("learned", row("%10.4f", witness.difference));
  say("in the ring", row("%10u", lanes_of(witness.update)));
  say("sent, masked", row("%10u", witness.masked));
  say("eighths, in clear", spread(lanes_of(witness.update), bits));
  say("eighths, masked", spread(witness.masked, bits));
  const auto& sums = group.running_sums();
  if (sums.empty()) return;
  std::vector<std::uint32_t> some;
  for (std::size_t i = 0; i < kShown; ++i)
    some.push_back(sums[i * (sums.size() - 1) / (kShown - 1)]);
  std::string after;
  for (std::size_t i = 0; i < kShown; ++i)
    after += text("%10zu", i * (sums.size() - 1) / (kShown - 1) + 1);
  say("vectors added", after);
  say("running sum of #1", row("%10u", some));
  say("", "noise for the coordinator, until the last mask is taken off");
}

void tell_agree(const Group& group, const StepReport& report) {
  heading("Step 3  agree: the survivors sign who is in the sum");
  tell_bytes(group, report);
  say("in the sum", text("%zu devices", group.running_sums().size()));
  say("sent", "a signature over that set. A second set would find no second threshold");
  say("", "of signers, so the coordinator cannot ask about two sets");
}

void tell_unmask(const Group& group, const StepReport& report) {
  heading("Step 4  unmask: one share for each neighbour, never two");
  tell_bytes(group, report);
  say("received", text("%u signatures by neighbours, all over the set that it signed itself",
                       group.coordinator().parameters()->threshold));
  say("sent", "of a neighbour in the sum:  a share of its self-mask seed");
  say("", "of one that vanished:       a share of its mask seed");
  const auto lost = std::ranges::count_if(group.devices(), [](const Device& device) {
    return device.vanishes_before == CoordinatorStep::kMask;
  });
  say("seeds recovered",
      text("%zu self-mask seeds and %td mask seeds, each from %u shares",
           group.running_sums().size(), lost, group.coordinator().parameters()->threshold));
}

const char* fate_before(CoordinatorStep step) {
  switch (step) {
    case CoordinatorStep::kAdvertise:
      return "was never in the group";
    case CoordinatorStep::kShare:
      return "nobody masked with it: nothing to take off";
    case CoordinatorStep::kMask:
      return "not in the sum: seed recovered, its masks taken off";
    default:
      return "in the sum: its self-mask was taken off like everybody's";
  }
}

void tell_vanished(const Group& group) {
  heading("Who vanished, and what became of their masks");
  for (CoordinatorStep step = CoordinatorStep::kAdvertise; step <= CoordinatorStep::kUnmask;
       step = static_cast<CoordinatorStep>(static_cast<int>(step) + 1)) {
    for (const Device& device : group.devices()) {
      if (device.vanishes_before != step) continue;
      const std::string when = "before " + std::string(name_of(step));
      say(device.name.c_str(), text("%-18s %s", when.c_str(), fate_before(step)));
    }
  }
}

// The same sum, without any cryptography.
bool equals_plain_sum(const Group& group) {
  const auto& session = group.coordinator();
  ring::RingVector plain = ring::RingVector::zeros(group.codec().shape());
  auto& lanes = std::get<std::vector<std::uint32_t>>(plain.elements);
  for (const auto survivor : session.survivors()) {
    const ring::RingVector& update = group.devices()[survivor].update;
    for (std::size_t i = 0; i < lanes.size(); ++i) lanes[i] += lanes_of(update)[i];
    for (std::size_t i = 0; i < plain.counters.size(); ++i) plain.counters[i] += update.counters[i];
  }
  plain.reduce(group.codec().shape().bits);
  return plain == session.sum();
}

// The weighted mean of what the survivors learned, in floating point.
std::vector<double> plain_mean(const Group& group) {
  std::vector<double> mean(group.codec().shape().length);
  double weight = 0;
  for (const auto survivor : group.coordinator().survivors()) {
    const Device& device = group.devices()[survivor];
    const double examples = static_cast<double>(device.contribution.weight);
    for (std::size_t i = 0; i < mean.size(); ++i)
      mean[i] += examples * static_cast<double>(device.difference[i]);
    weight += examples;
  }
  for (double& value : mean) value /= weight;
  return mean;
}

bool tell_sum(const Group& group) {
  const auto& session = group.coordinator();
  const auto decoded = ring::decode_sum(group.codec(), session.sum(), session.survivors().size());
  if (!decoded) {
    say("the sum", decoded.error().to_string());
    return false;
  }
  const std::vector<double> plain = plain_mean(group);
  std::vector<double> mean(decoded->weighted_differences.begin(),
                           decoded->weighted_differences.end());
  double furthest = 0;
  for (std::size_t i = 0; i < mean.size(); ++i) {
    mean[i] /= static_cast<double>(decoded->counters.weight);
    furthest = std::max(furthest, std::abs(mean[i] - plain[i]));
  }
  const bool is_same = equals_plain_sum(group);
  heading("The sum");
  say("bit for bit",
      is_same ? "equal to the plain sum of the survivors" : "NOT EQUAL to the plain sum");
  say("mean, from the sum", row("%10.4f", mean));
  say("mean, in clear", row("%10.4f", plain));
  say("furthest apart", text("%.5f: rounding to %u bits on each device", furthest,
                             group.codec().settings().quantization_bits));
  heading("What the coordinator has learned");
  say("the sum",
      text("over %zu devices: %llu examples, mean loss %.4f, the mean above",
           session.survivors().size(), static_cast<unsigned long long>(decoded->counters.weight),
           decoded->counters.metric_mean(0).value_or(0)));
  say("who took part",
      text("and who vanished when; %zu devices know that it is done", group.told_completed()));
  say("and has not", "any device's numbers, its example count or its loss");
  return is_same;
}

int tell(const Settings& settings) {
  auto created = Group::create(settings);
  if (!created) {
    std::fprintf(stderr, "%s\n", created.error().message.c_str());
    return 2;
  }
  Group& group = **created;
  std::printf("A secure aggregation: %u devices, %.0f %% of them vanish (seed %llu)\n",
              settings.devices, 100 * settings.vanish,
              static_cast<unsigned long long>(settings.seed));
  tell_setting(group);
  for (const auto tell_step : {tell_advertise, tell_share, tell_mask, tell_agree, tell_unmask}) {
    tell_step(group, group.play_step());
    if (const auto reason = group.coordinator().abort_reason()) {
      heading("The group ended without a sum: " + std::string(name_of(*reason)));
      return 1;
    }
  }
  group.play_step();  // everybody hears that it is done
  tell_vanished(group);
  return tell_sum(group) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  cxxopts::Options options("covey-loopback",
                           "One secure aggregation in one process, step by step.");
  options.add_options()("devices", "10 to 200",
                        cxxopts::value<std::uint32_t>()->default_value("50"),
                        "N")("vanish", "share of them that vanishes on the way, 0 to below 1",
                             cxxopts::value<double>()->default_value("0.2"), "FRACTION")(
      "length", "numbers in a device's update, 1 to 10000000",
      cxxopts::value<std::uint64_t>()->default_value("1000"),
      "N")("seed", "for what the devices learn and who vanishes when; never for keys",
           cxxopts::value<std::uint64_t>()->default_value("1"), "N")("help", "print this");
  try {
    const auto parsed = options.parse(count, arguments);
    if (parsed.count("help") > 0) {
      std::printf("%s", options.help().c_str());
      return 0;
    }
    const Settings settings{parsed["devices"].as<std::uint32_t>(), parsed["vanish"].as<double>(),
                            parsed["seed"].as<std::uint64_t>(),
                            parsed["length"].as<std::uint64_t>()};
    const bool is_legal = settings.devices >= 10 && settings.devices <= 200 &&
                          settings.vanish >= 0 && settings.vanish < 1 && settings.length >= 1 &&
                          settings.length <= 10'000'000;
    if (is_legal) return tell(settings);
  } catch (const std::exception& error) {  // cxxopts throws
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::fprintf(stderr, "see covey-loopback --help for what is allowed\n");
  return 2;
}
