#include <chrono>
#include <deque>
#include <thread>
#include <vector>

#include "integration/hostile/attack.h"

// What is begun and never ended.
namespace covey::testing {

using namespace http2;

namespace {

constexpr std::chrono::milliseconds kPause{10};

// Headers of an upload and the first `bytes` of a message of the largest size.
std::string begun_upload(std::uint32_t stream, std::size_t bytes) {
  constexpr std::size_t kClaimed = (std::size_t{1} << 20) + 4096;
  return frame(kHeaders, kEndHeaders, stream, call_headers("Send")) +
         data(stream, message(std::string(bytes, 'x'), kClaimed), false);
}

}  // namespace

// On many streams of many connections, all of which stay for as long as the coordinator lets them.
void leave_uploads_open(Attacker& attacker) {
  constexpr std::size_t kConnections = 100;
  constexpr int kStreams = 100;
  constexpr std::size_t kBytes = 60'000;  // what a stream may send before it is told to go on
  std::deque<Http2> connections;
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2();
    for (int i = 0; i < kStreams && attacker.goes_on() && http2.read_answers(); ++i) {
      if (http2.wire().send(begun_upload(http2.next_stream(), kBytes))) attacker.did();
    }
    connections.push_back(std::move(http2));
    std::erase_if(connections, [](Http2& each) { return !each.read_answers(); });
    if (connections.size() > kConnections) connections.pop_front();
  }
}

// HTTP/2 byte by byte, on many connections at once.
void dribble(Attacker& attacker) {
  constexpr std::size_t kConnections = 200;
  std::vector<std::pair<Http2, std::string>> slow;
  while (attacker.goes_on()) {
    if (slow.size() < kConnections) {
      slow.emplace_back(attacker.http2(), begun_upload(1, 100'000));
    }
    for (auto& [http2, rest] : slow) {
      if (rest.empty() || !http2.wire().send(rest.substr(0, 1))) continue;
      rest.erase(0, 1);
      attacker.did();
    }
    std::erase_if(slow,
                  [](auto& each) { return each.second.empty() || !each.first.read_answers(); });
    std::this_thread::sleep_for(kPause);
  }
}

// Answers that may not leave: the window of their streams is 0.
void never_read(Attacker& attacker) {
  constexpr std::size_t kConnections = 16;
  std::deque<Http2> connections;
  while (attacker.goes_on()) {
    Http2 http2 = attacker.http2(0);
    for (int i = 0; i < 50 && attacker.goes_on() && http2.is_open(); ++i) {
      if (http2.call("Fetch", field(1, attacker.aim.model))) attacker.did();
      const std::string round = attacker.any_round(attacker.aim.task);
      if (http2.call("Receive", field(1, round))) attacker.did();
    }
    connections.push_back(std::move(http2));
    std::erase_if(connections, [](Http2& each) { return !each.read_answers(); });
    if (connections.size() > kConnections) connections.pop_front();
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace covey::testing
