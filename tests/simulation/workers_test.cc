#include "simulation/engine/workers.h"

#include <atomic>
#include <set>

#include "covey/simulation/sampler.h"
#include "support/catch.h"
#include "support/seeds.h"

using namespace covey;
using namespace covey::simulation;
using namespace covey::testing;

TEST_CASE("every job runs once, on one of the threads", "[simulation]") {
  Workers workers(3);
  std::vector<std::atomic<int>> runs(100);
  std::vector<Workers::Ticket> tickets;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    tickets.push_back(workers.submit(Milliseconds(static_cast<int>(i % 7)),
                                     [&, i](std::size_t worker, const std::stop_token&) {
                                       if (worker < 3) ++runs[i];
                                     }));
  }
  for (Workers::Ticket& ticket : tickets) workers.wait(ticket);
  for (const auto& count : runs) CHECK(count == 1);
}

TEST_CASE("what is due first runs first", "[simulation]") {
  Workers workers(1);
  std::atomic<bool> may_go{false};
  std::vector<int> order;
  std::vector<Workers::Ticket> tickets;
  tickets.push_back(workers.submit(Milliseconds(0), [&](std::size_t, const std::stop_token&) {
    may_go.wait(false);  // until all of them are there
  }));
  for (const int due : {5, 3, 9, 1}) {
    tickets.push_back(workers.submit(Milliseconds(due),
                                     [&, due](std::size_t, const auto&) { order.push_back(due); }));
  }
  may_go = true;
  may_go.notify_all();
  for (Workers::Ticket& ticket : tickets) workers.wait(ticket);
  CHECK(order == std::vector<int>{1, 3, 5, 9});
}

TEST_CASE("a job that is cancelled does not begin, or is asked to stop and waited for",
          "[simulation]") {
  Workers workers(1);
  std::atomic<bool> is_running{false};
  std::atomic<bool> has_stopped{false};
  bool has_begun = false;
  auto first = workers.submit(Milliseconds(0), [&](std::size_t, const std::stop_token& stop) {
    is_running = true;
    is_running.notify_all();
    while (!stop.stop_requested()) std::this_thread::yield();
    has_stopped = true;
  });
  auto second =
      workers.submit(Milliseconds(1), [&](std::size_t, const auto&) { has_begun = true; });
  is_running.wait(false);
  workers.cancel(second);
  workers.cancel(first);
  CHECK(has_stopped);
  CHECK_FALSE(has_begun);
}

TEST_CASE("parts are run once each, however many workers there are", "[simulation]") {
  for (const std::size_t count : {1, 2, 8}) {
    Workers workers(count);
    std::vector<std::atomic<int>> runs(37);
    workers.run_all(runs.size(), [&](std::size_t part, std::size_t) { ++runs[part]; });
    for (const auto& one : runs) CHECK(one == 1);
    workers.run_all(0, [](std::size_t, std::size_t) { FAIL("there is no part"); });
  }
}

TEST_CASE("a uniform sample has each device at most once, and the same ones each time",
          "[simulation][property]") {
  for_each_seed(50, [](Seed seed) {
    UniformSampler sampler(seed);
    const auto sample = sampler.sample(seed % 5, 30, seed % 40);
    CHECK(sample.size() == std::min<std::size_t>(seed % 40, 30));
    CHECK(std::set<std::size_t>(sample.begin(), sample.end()).size() == sample.size());
    for (const std::size_t device : sample) CHECK(device < 30);
    CHECK(UniformSampler(seed).sample(seed % 5, 30, seed % 40) == sample);
  });
}

TEST_CASE("every device is sampled about as often", "[simulation]") {
  UniformSampler sampler(1);
  std::vector<int> times(20);
  for (std::uint64_t round = 1; round <= 4'000; ++round) {
    for (const std::size_t device : sampler.sample(round, 20, 5)) ++times[device];
  }
  for (const int count : times) {  // 1000, deviation 27
    CHECK(count > 860);
    CHECK(count < 1140);
  }
}
