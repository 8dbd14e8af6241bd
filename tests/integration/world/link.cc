#include "integration/world/link.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "covey/base/check.h"

namespace covey::testing {
namespace {

using Clock = std::chrono::steady_clock;
using Direction = Link::Direction;

constexpr std::size_t kBufferBytes = 16 * 1024;
// With a limit: how often bytes are passed on, and for how long unused rate is kept.
constexpr int kStepMs = 5;
constexpr double kBurstSeconds = 0.05;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

sockaddr_in parse(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  COVEY_CHECK(inet_pton(AF_INET, address.substr(0, colon).c_str(), &out.sin_addr) == 1);
  return out;
}

// The kernel must not take megabytes that the link has not passed on yet.
void keep_buffers_small(int socket) {
  const int bytes = kBufferBytes;
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

// A reset, as from a network that has forgotten the connection, and no wait for what is under way.
void reset_on_close(int socket) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

void prepare(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
}

Socket listen_on_loopback() {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  COVEY_CHECK(socket.get() >= 0);    // else this machine runs no tests
  keep_buffers_small(socket.get());  // inherited by what is accepted
  const sockaddr_in any = parse("127.0.0.1:0");
  COVEY_CHECK(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0);
  COVEY_CHECK(::listen(socket.get(), SOMAXCONN) == 0);
  return socket;
}

std::string address_of(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  COVEY_CHECK(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

// On loopback this is done at once, or refused at once.
std::optional<Socket> connect_to(const std::string& target) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  COVEY_CHECK(socket.get() >= 0);  // else this machine runs no tests
  keep_buffers_small(socket.get());
  const sockaddr_in address = parse(target);
  const bool is_connected =
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  if (!is_connected) return std::nullopt;
  prepare(socket.get());
  return socket;
}

// One direction of one connection: what was read and not written yet is in [begin, end).
struct Pipe {
  std::array<std::uint8_t, kBufferBytes> bytes{};
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_at_end = false;  // of what there is to read

  bool is_empty() const { return begin == end; }
};

// The rate that is left of a direction.
struct Bucket {
  double tokens = 0;
  Clock::time_point filled{};

  void fill(std::uint64_t rate) {
    const auto now = Clock::now();
    const double passed = std::chrono::duration<double>(now - filled).count();
    const auto per_second = static_cast<double>(rate);
    tokens = std::min(tokens + passed * per_second, kBurstSeconds * per_second);
    filled = now;
  }
};

}  // namespace

// All that a link is, under one mutex, and the thread that moves bytes.
class Link::Loop {
 public:
  explicit Loop(const std::string& target)
      : listening_(listen_on_loopback()),
        address_(address_of(listening_.get())),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        target_(target) {
    COVEY_CHECK(wake_.get() >= 0);  // else this machine runs no tests
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~Loop() {
    thread_.request_stop();
    wake();
  }

  const std::string& address() const { return address_; }

  template <typename Change>
  void change(const Change& change) {
    {
      const std::lock_guard lock(mutex_);
      change(*this);
    }
    wake();
  }
  void cut_and_wait() {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = ++cuts_asked_;
    wake();
    done_.wait(lock, [&] { return cuts_done_ >= wanted; });
  }
  template <typename Look>
  auto look(const Look& look) const {
    const std::lock_guard lock(mutex_);
    return look(*this);
  }

  // What `change` and `look` are given.
  std::string& target() { return target_; }
  void set_cut(Direction direction, std::uint64_t bytes) {
    cut_at_ = {direction, traffic_.of(direction) + bytes};
  }
  bool is_cut_due() const { return cut_at_.has_value(); }
  void stall(bool is_stalled) { is_stalled_ = is_stalled; }
  void limit(std::uint64_t rate) {
    rate_ = rate;
    buckets_ = {Bucket{0, Clock::now()}, Bucket{0, Clock::now()}};
  }
  const Traffic& traffic() const { return traffic_; }
  void record() { is_recording_ = true; }
  const std::vector<Recording>& recordings() const { return recordings_; }

 private:
  struct Connection {
    Socket device;
    Socket coordinator;
    Pipe up{};
    Pipe down{};
    std::size_t recording = 0;
    bool is_over = false;
  };
  struct CutAt {
    Direction direction{};
    std::uint64_t bytes = 0;  // of the link's whole traffic
  };

  static std::size_t index(Direction direction) { return direction == Direction::kUp ? 0 : 1; }
  void wake() {
    const std::uint64_t one = 1;
    static_cast<void>(::write(wake_.get(), &one, sizeof(one)));
  }

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const std::vector<pollfd> wanted = what_to_wait_for();
      lock.unlock();
      wait(wanted);
      lock.lock();
      accept_all();
      if (cuts_done_ < cuts_asked_) cut();
      if (!is_stalled_) pass_on();
      std::erase_if(connections_, [](const Connection& each) { return each.is_over; });
    }
  }

  // With a limit it looks every few milliseconds instead: what is ready is not what may pass.
  std::vector<pollfd> what_to_wait_for() const {
    std::vector<pollfd> wanted{{listening_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (is_stalled_ || rate_ > 0) return wanted;
    for (const Connection& each : connections_) {
      const auto events = [](const Pipe& from, const Pipe& to) {
        const bool reads = from.is_empty() && !from.is_at_end;
        return static_cast<short>((reads ? POLLIN : 0) | (to.is_empty() ? 0 : POLLOUT));
      };
      wanted.push_back({each.device.get(), events(each.up, each.down), 0});
      wanted.push_back({each.coordinator.get(), events(each.down, each.up), 0});
    }
    return wanted;
  }
  void wait(std::vector<pollfd> wanted) const {
    const bool is_metered = wanted.size() == 2 && look([](const Loop& loop) {
                              return loop.rate_ > 0 && !loop.connections_.empty();
                            });
    ::poll(wanted.data(), wanted.size(), is_metered ? kStepMs : -1);
    std::uint64_t ignored = 0;
    static_cast<void>(::read(wake_.get(), &ignored, sizeof(ignored)));
  }

  void accept_all() {
    while (true) {
      Socket device(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (device.get() < 0) return;
      prepare(device.get());
      ++traffic_.connections;
      auto coordinator = connect_to(target_);
      if (!coordinator) continue;
      connections_.push_back({std::move(device), std::move(*coordinator)});
      connections_.back().recording = recordings_.size();
      recordings_.emplace_back();
    }
  }

  void cut() {
    if (!connections_.empty()) ++traffic_.cuts;
    for (const Connection& each : connections_) {
      reset_on_close(each.device.get());
      reset_on_close(each.coordinator.get());
    }
    connections_.clear();
    cuts_done_ = cuts_asked_;
    done_.notify_all();
  }

  void pass_on() {
    for (Connection& each : connections_) {
      move(each, Direction::kUp);
      move(each, Direction::kDown);
      if (!cut_at_ || traffic_.of(cut_at_->direction) < cut_at_->bytes) continue;
      cut_at_.reset();
      return cut();
    }
  }

  void move(Connection& each, Direction direction) {
    const bool is_up = direction == Direction::kUp;
    Pipe& pipe = is_up ? each.up : each.down;
    const int from = is_up ? each.device.get() : each.coordinator.get();
    const int to = is_up ? each.coordinator.get() : each.device.get();
    if (pipe.is_empty() && !pipe.is_at_end) {
      const ssize_t got = ::recv(from, pipe.bytes.data(), pipe.bytes.size(), 0);
      pipe.begin = 0;
      pipe.end = got > 0 ? static_cast<std::size_t>(got) : 0;
      pipe.is_at_end = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
    }
    const std::size_t most = std::min(pipe.end - pipe.begin, may_pass(direction));
    const ssize_t sent =
        most == 0 ? 0 : ::send(to, pipe.bytes.data() + pipe.begin, most, MSG_NOSIGNAL);
    if (sent > 0) note(each, direction, pipe, static_cast<std::size_t>(sent));
    const bool is_broken = sent < 0 && errno != EAGAIN && errno != EINTR;
    // Neither side of such a connection has anything to say after the other's end.
    if (is_broken || (pipe.is_at_end && pipe.is_empty())) each.is_over = true;
  }

  std::size_t may_pass(Direction direction) {
    std::uint64_t most = kBufferBytes;
    if (cut_at_ && cut_at_->direction == direction) {
      const std::uint64_t passed = traffic_.of(direction);
      most = std::min(most, cut_at_->bytes - std::min(cut_at_->bytes, passed));
    }
    if (rate_ > 0) {
      Bucket& bucket = buckets_[index(direction)];
      bucket.fill(rate_);
      most = std::min(most, static_cast<std::uint64_t>(bucket.tokens));
    }
    return most;
  }

  void note(Connection& each, Direction direction, Pipe& pipe, std::size_t sent) {
    const bool is_up = direction == Direction::kUp;
    (is_up ? traffic_.up : traffic_.down) += sent;
    buckets_[index(direction)].tokens -= static_cast<double>(sent);
    if (is_recording_) {
      Recording& recording = recordings_[each.recording];
      const auto* const begin = pipe.bytes.data() + pipe.begin;
      Bytes& kept = is_up ? recording.up : recording.down;
      kept.insert(kept.end(), begin, begin + sent);
    }
    pipe.begin += sent;
  }

  const Socket listening_;
  const std::string address_;
  const Socket wake_;

  mutable std::mutex mutex_;  // of everything below
  std::condition_variable done_;
  std::string target_;
  bool is_stalled_ = false;
  bool is_recording_ = false;
  std::uint64_t rate_ = 0;
  std::array<Bucket, 2> buckets_{};
  std::optional<CutAt> cut_at_;
  std::uint64_t cuts_asked_ = 0;
  std::uint64_t cuts_done_ = 0;
  Traffic traffic_;
  std::list<Connection> connections_;
  std::vector<Recording> recordings_;  // by connection; empty ones without `record`
  std::jthread thread_;                // last: it uses the others
};

Link::Link(const std::string& target) : loop_(std::make_unique<Loop>(target)) {}
Link::~Link() = default;

const std::string& Link::address() const { return loop_->address(); }

void Link::set_target(const std::string& target) {
  loop_->change([&](Loop& loop) { loop.target() = target; });
}

void Link::cut() { loop_->cut_and_wait(); }

void Link::cut_after(Direction direction, std::uint64_t bytes) {
  loop_->change([&](Loop& loop) { loop.set_cut(direction, bytes); });
}

bool Link::is_cut_due() const {
  return loop_->look([](const Loop& loop) { return loop.is_cut_due(); });
}

void Link::stall(bool is_stalled) {
  loop_->change([&](Loop& loop) { loop.stall(is_stalled); });
}

void Link::limit(std::uint64_t bytes_per_second) {
  loop_->change([&](Loop& loop) { loop.limit(bytes_per_second); });
}

Link::Traffic Link::traffic() const {
  return loop_->look([](const Loop& loop) { return loop.traffic(); });
}

void Link::record() {
  loop_->change([](Loop& loop) { loop.record(); });
}

std::vector<Link::Recording> Link::recordings() const {
  return loop_->look([](const Loop& loop) { return loop.recordings(); });
}

}  // namespace covey::testing
