#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "coordinator/store_support.h"
#include "support/seeds.h"

namespace covey::coordinator {
namespace {

using namespace testing;
using covey::testing::for_each_seed;
using covey::testing::Seed;

Bytes blob_of(std::uint64_t number) {
  return Bytes(100'000 + number, static_cast<std::uint8_t>(number));
}

// Puts a blob, a session and a record that belong together, and acknowledges them by one byte,
// until it is killed.
[[noreturn]] void work(const std::string& folder, int acknowledgements) {
  const auto store = open_store({.folder = folder, .reserve_bytes = 0});
  if (!store) ::_exit(1);
  for (std::uint64_t number = 1;; ++number) {
    TaskRecord task = sample_task("digits");
    const auto digest = (*store)->put_blob(blob_of(number));
    if (!digest) ::_exit(1);
    task.next_round = number;
    task.strategy_state = *digest;
    const bool done = (*store)->put_session("digits", 1, 0, blob_of(number)) &&
                      (*store)->put_task(task) && (*store)->commit();
    if (!done || ::write(acknowledgements, "!", 1) != 1) ::_exit(1);
  }
}

TEST_CASE("a process that is killed has lost nothing that it acknowledged", "[store][property]") {
  for_each_seed(12, [](Seed seed) {
    const TemporaryFolder folder;
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t worker = ::fork();
    REQUIRE(worker >= 0);
    if (worker == 0) {
      ::close(pipe[0]);
      work(folder.store(), pipe[1]);
    }
    ::close(pipe[1]);
    std::uint64_t acknowledged = 0;
    for (char byte = 0; ::read(pipe[0], &byte, 1) == 1;) {
      if (++acknowledged == seed * 3) REQUIRE(::kill(worker, SIGKILL) == 0);
    }
    ::close(pipe[0]);
    int status = 0;
    REQUIRE(::waitpid(worker, &status, 0) == worker);
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(acknowledged >= seed * 3);

    const auto store = opened(folder.store());
    const std::vector<TaskRecord> tasks = valid(store->tasks());
    REQUIRE(tasks.size() == 1);
    const std::uint64_t number = tasks.front().next_round;
    CHECK(number >= acknowledged);
    CHECK(number <= acknowledged + 1);
    CHECK(valid(store->get_blob(tasks.front().strategy_state)) == blob_of(number));
    const auto session = valid(store->get_session("digits", 1, 0));
    REQUIRE(session);
    CHECK((*session == blob_of(number) || *session == blob_of(number + 1)));
    CHECK(files_under(folder.store() + "/incoming").empty());
  });
}

}  // namespace
}  // namespace covey::coordinator
