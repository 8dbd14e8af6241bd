#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <deque>
#include <map>
#include <thread>
#include <vector>

#include "integration/hostile/attack.h"
#include "integration/world/identity.h"

// A device of the federation that attacks its coordinator until SIGTERM, and says every now and
// then how often it has done what: "check-ins flooded: 1234".
//   --pki DIR --name NAME    who it is: of a development authority
//   --address 127.0.0.1:PORT --task NAME --model HEX   what it attacks
//   --attack NAME            any number of times; "all" for each
namespace covey::testing {
namespace {

constexpr std::chrono::milliseconds kReportEvery{100};

std::atomic<bool> is_over{false};

using Flags = std::multimap<std::string, std::string>;

std::string flag(const Flags& flags, const std::string& name) {
  const auto found = flags.find(name);
  return found == flags.end() ? std::string() : found->second;
}

struct UnderWay {
  const Attack* attack;
  std::atomic<std::uint64_t> acts{0};
  std::deque<Attacker> attackers;  // one a thread
};

std::deque<UnderWay> chosen(const Flags& flags) {
  std::deque<UnderWay> out;
  const auto [first, last] = flags.equal_range("--attack");
  for (const Attack& attack : attacks()) {
    const bool is_wanted = std::any_of(first, last, [&](const auto& entry) {
      return entry.second == "all" || entry.second == attack.name;
    });
    if (is_wanted) out.emplace_back().attack = &attack;
  }
  return out;
}

void report(const std::deque<UnderWay>& all) {
  for (const UnderWay& each : all) {
    std::printf("%s: %llu\n", each.attack->deed, static_cast<unsigned long long>(each.acts.load()));
  }
  std::fflush(stdout);
}

int run(const Flags& flags) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // An attacker's processor is its own: here it is the coordinator's, too.
  if (nice(10) == -1) std::fputs("this cannot be made less urgent\n", stderr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, [](int) { is_over = true; });
  const std::string address = flag(flags, "--address");
  const TlsClient with_certificate(tls_identity(flag(flags, "--pki"), flag(flags, "--name")));
  const TlsClient without{channel::TlsIdentity()};
  const auto model = digest_from_hex(flag(flags, "--model"));
  const Attacker::Aim aim{std::stoi(address.substr(address.rfind(':') + 1)), flag(flags, "--task"),
                          model ? std::string(text_of(*model)) : std::string(), &with_certificate,
                          &without};
  std::deque<UnderWay> all = chosen(flags);
  if (all.empty()) return 2;
  std::uint64_t seed = 1;
  std::vector<std::jthread> threads;
  for (UnderWay& each : all) {
    for (int i = 0; i < each.attack->threads; ++i) {
      Attacker& attacker = each.attackers.emplace_back(aim, ++seed, is_over, each.acts);
      threads.emplace_back([&each, &attacker] { each.attack->run(attacker); });
    }
  }
  while (!is_over) {
    std::this_thread::sleep_for(kReportEvery);
    report(all);
  }
  return 0;
}

}  // namespace
}  // namespace covey::testing

int main(int count, char** arguments) {
  covey::testing::Flags flags;
  for (int i = 1; i + 1 < count; i += 2) flags.emplace(arguments[i], arguments[i + 1]);
  return covey::testing::run(flags);
}
