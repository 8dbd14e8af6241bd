#include "coordinator/grpc/door.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace covey::coordinator {
namespace {

using Clock = std::chrono::steady_clock;

// A look at a connection takes some 2 µs: a few in a hundred of a core's time, at the most.
constexpr std::chrono::milliseconds kSweepEvery{100};
constexpr std::size_t kSweptInAMillisecond = 20;
// What may wait in the system for gRPC to read it: 20 MB/s at a round trip of 50 ms.
constexpr int kReceiveBufferBytes = 1 << 20;
constexpr std::chrono::milliseconds kPause{5};  // for gRPC to close what was cut
// Beyond this nobody is let in until gRPC has caught up: these have descriptors, too.
constexpr std::size_t kMostLeaving = 128;
constexpr int kMostAtOnce = 64;

// A socket is known by its inode: descriptors are gRPC's, which closes them when it likes, and
// their numbers are used again. None when it is no socket any more.
std::optional<ConnectionBook::Id> socket_at(int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

// Nothing where the system does not count it.
ConnectionBook::Traffic traffic_of(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size);
  return {info.tcpi_bytes_received, info.tcpi_bytes_acked};
}

// gRPC sees it as hung up, and closes it. What has come and was not read yet is thrown away, which
// `shutdown` would not do. Done through a copy, whose socket cannot become another between the look
// and the cut.
void hang_up(int descriptor, ConnectionBook::Id id) {
  const Descriptor copy(fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
  if (copy.number() < 0 || socket_at(copy.number()) != id) return;
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  if (connect(copy.number(), &nowhere, sizeof(nowhere)) != 0) shutdown(copy.number(), SHUT_RDWR);
}

std::string text_of(const ConnectionBook::Cut& cut, const ConnectionBook::Limits& limits) {
  switch (cut.reason) {
    case ConnectionBook::Reason::kNoCall:
      return "no whole call came on it for " + std::to_string(limits.first_call.count() / 1000) +
             " s";
    case ConnectionBook::Reason::kTooManyStrangers:
      return "there were " + std::to_string(limits.strangers) +
             " connections already on which no call had come";
    case ConnectionBook::Reason::kTooManyOfOneDevice:
      return cut.device + " has more than " + std::to_string(limits.per_device) + " connections";
    case ConnectionBook::Reason::kNothingButBytes:
      return (cut.device.empty() ? std::string("somebody") : cut.device) +
             " sends and sends without completing a call";
    case ConnectionBook::Reason::kKeptOut:
      return cut.device + " is kept out for " + std::to_string(limits.kept_out.count() / 1000) +
             " s, since it sends and sends without completing calls";
    case ConnectionBook::Reason::kTooMany:
      break;
  }
  return "there were " + std::to_string(limits.connections) +
         " connections, as many as the limit of open files allows (ulimit -n)";
}

}  // namespace

Result<std::unique_ptr<Door>> Door::create(const std::string& address,
                                           const ConnectionBook::Limits& limits, OnCut on_cut) {
  COVEY_ASSIGN_OR_RETURN(ListeningSockets sockets, listen_on(address));
  Descriptor wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake.number() < 0) return Error{ErrorCode::kUnavailable, "no descriptor is left to listen"};
  return std::unique_ptr<Door>(
      new Door(std::move(sockets), std::move(wake), limits, std::move(on_cut)));
}

Door::Door(ListeningSockets sockets, Descriptor wake, const ConnectionBook::Limits& limits,
           OnCut on_cut)
    : sockets_(std::move(sockets)),
      wake_(std::move(wake)),
      limits_(limits),
      on_cut_(std::move(on_cut)),
      book_(limits) {}

void Door::open(LetIn let_in) {
  let_in_ = std::move(let_in);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Door::close() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  eventfd_write(wake_.number(), 1);
  thread_.join();
}

void Door::run(const std::stop_token& stop) {
  auto swept_at = Clock::now();
  while (!stop.stop_requested()) {
    bool is_full = false;
    std::chrono::milliseconds sweep_every = kSweepEvery;
    {
      const std::lock_guard lock(mutex_);
      sweep_leaving();
      is_full = leaving_.size() >= kMostLeaving;
      sweep_every += std::chrono::milliseconds(descriptors_.size() / kSweptInAMillisecond);
    }
    wait(is_full ? kPause : sweep_every, !is_full);
    if (Clock::now() - swept_at < sweep_every) continue;
    sweep();
    swept_at = Clock::now();
  }
}

void Door::wait(std::chrono::milliseconds longest, bool is_accepting) {
  std::vector<pollfd> events{{wake_.number(), POLLIN, 0}};
  if (is_accepting) {
    for (const Descriptor& socket : sockets_.sockets) {
      events.push_back({socket.number(), POLLIN, 0});
    }
  }
  if (poll(events.data(), events.size(), static_cast<int>(longest.count())) <= 0) return;
  for (std::size_t i = 1; i < events.size(); ++i) {
    if (events[i].revents != 0) accept_some(events[i].fd);
  }
}

void Door::accept_some(int listening) {
  for (int i = 0; i < kMostAtOnce; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof(address);
    const int connection = accept4(listening, reinterpret_cast<sockaddr*>(&address), &size,
                                   SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection < 0) {
      // No descriptors or memory now, for a reason of others': it stays in the kernel's queue.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        poll(nullptr, 0, static_cast<int>(kPause.count()));
      }
      return;
    }
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(connection, SOL_SOCKET, SO_RCVBUF, &kReceiveBufferBytes, sizeof(int));
    std::optional<ConnectionBook::Cut> gone;
    {
      const std::lock_guard lock(mutex_);
      const auto id = socket_at(connection);
      if (id) {
        gone = book_.add(*id, peer_address(address), Clock::now());
        descriptors_[*id] = connection;
      }
      if (gone && !cut(*gone)) gone.reset();
    }
    if (gone) say(*gone);
    let_in_(listening, connection);
  }
}

void Door::called(const std::string& peer, const std::string& device) {
  const auto from = peer_address(std::string_view(peer));
  if (!from) return;
  std::optional<ConnectionBook::Cut> gone;
  {
    const std::lock_guard lock(mutex_);
    gone = book_.called(*from, device, Clock::now());
    if (gone && !cut(*gone)) gone.reset();
  }
  if (gone) say(*gone);
}

void Door::sweep() {
  std::vector<ConnectionBook::Cut> overdue;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(descriptors_, [&](const auto& entry) {
      if (socket_at(entry.second) == entry.first) return false;
      book_.remove(entry.first);
      return true;
    });
    const auto now = Clock::now();
    overdue = book_.overdue(now);
    for (const auto& [id, descriptor] : descriptors_) {
      if (auto cut = book_.measured(id, traffic_of(descriptor), now))
        overdue.push_back(std::move(*cut));
    }
    std::erase_if(overdue, [&](const auto& each) { return !cut(each); });
  }
  for (const auto& each : overdue) say(each);
}

void Door::sweep_leaving() {
  std::erase_if(leaving_, [](const auto& entry) {
    if (socket_at(entry.second) != entry.first) return true;
    hang_up(entry.second, entry.first);  // where no descriptor was left for it
    return false;
  });
}

bool Door::cut(const ConnectionBook::Cut& cut) {
  const auto entry = descriptors_.find(cut.id);
  if (entry == descriptors_.end()) return false;
  const bool is_there = socket_at(entry->second) == entry->first;
  if (is_there) {
    hang_up(entry->second, entry->first);
    leaving_.insert(*entry);
  }
  descriptors_.erase(entry);
  return is_there;
}

void Door::say(const ConnectionBook::Cut& cut) const {
  if (on_cut_) on_cut_({ErrorCode::kResourceExhausted, text_of(cut, limits_)});
}

}  // namespace covey::coordinator
