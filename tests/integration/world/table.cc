#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

#define CATCH_CONFIG_EXTERNAL_INTERFACES  // what a listener is, in Catch2 2
#include "integration/world/deeds.h"
#include "support/catch.h"

// The table of scenarios: a line as each of them ends, and what it counted. With
// COVEY_SURVIVAL_TABLE in the environment the same is appended to that file, one scenario a line:
// verdict, seconds, name, then count and what for each, with tabs between; scripts/survive adds
// them up.
namespace covey::testing {
namespace {

#if __has_include(<catch2/catch_all.hpp>)
using Listener = Catch::EventListenerBase;
std::string name_of(const Catch::TestCaseStats& stats) { return stats.testInfo->name; }
#else
using Listener = Catch::TestEventListenerBase;
std::string name_of(const Catch::TestCaseStats& stats) { return stats.testInfo.name; }
#endif

using Clock = std::chrono::steady_clock;

struct Deeds {
  std::mutex mutex;
  std::map<std::string, std::uint64_t> counts;
};

Deeds& deeds() {  // of the scenario that runs: Catch2 makes its listeners itself
  static Deeds all;
  return all;
}

std::map<std::string, std::uint64_t> take_counts() {
  const std::lock_guard lock(deeds().mutex);
  return std::exchange(deeds().counts, {});
}

class Table final : public Listener {
 public:
  using Listener::Listener;

  void testCaseStarting(const Catch::TestCaseInfo& info) override {
    Listener::testCaseStarting(info);
    static_cast<void>(take_counts());
    started_ = Clock::now();
  }

  void testCaseEnded(const Catch::TestCaseStats& stats) override {
    Listener::testCaseEnded(stats);
    const double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
    const char* const verdict = stats.totals.assertions.allOk() ? "ok" : "FAILED";
    std::string line;
    std::string counted;
    for (const auto& [what, times] : take_counts()) {
      const std::string number = std::to_string(times);
      counted += (counted.empty() ? "" : ", ") + number + " " + what;
      line += "\t" + number + "\t" + what;
    }
    std::printf("%-6s %6.1f s  %s\n", verdict, seconds, name_of(stats).c_str());
    if (!counted.empty()) std::printf("                 %s\n", counted.c_str());
    std::fflush(stdout);
    append(std::string(verdict) + "\t" + std::to_string(seconds) + "\t" + name_of(stats) + line);
  }

 private:
  static void append(const std::string& line) {
    const char* const path = std::getenv("COVEY_SURVIVAL_TABLE");
    if (path == nullptr) return;
    if (std::FILE* const file = std::fopen(path, "a")) {
      std::fprintf(file, "%s\n", line.c_str());
      std::fclose(file);
    }
  }

  Clock::time_point started_{};
};

CATCH_REGISTER_LISTENER(Table)

}  // namespace

void did(const std::string& what, std::uint64_t times) {
  const std::lock_guard lock(deeds().mutex);
  deeds().counts[what] += times;
}

}  // namespace covey::testing
