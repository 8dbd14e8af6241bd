#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace covey::coordinator {

// How many bytes of messages may be under way at once, over all calls. Nobody can use them up
// alone: who has some under way gets an eighth at most, and the last quarter is for those who have
// none. A device that behaves has one message or part under way. Thread-safe; must outlive its
// holds.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  class Hold {
   public:
    Hold(ByteBudget& budget, std::string peer, std::uint64_t size_bytes)
        : budget_(budget), peer_(std::move(peer)), size_bytes_(size_bytes) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { budget_.give_back(peer_, size_bytes_); }

   private:
    ByteBudget& budget_;
    const std::string peer_;
    const std::uint64_t size_bytes_;
  };
  // Shared by the copies that std::function makes of what holds it.
  using SharedHold = std::shared_ptr<const Hold>;

  // Null when there is no room for this peer.
  SharedHold take(const std::string& peer, std::uint64_t size_bytes) {
    const std::lock_guard lock(mutex_);
    const auto found = by_peer_.find(peer);
    const std::uint64_t own_bytes = found == by_peer_.end() ? 0 : found->second;
    const std::uint64_t most_bytes = own_bytes == 0 ? limit_bytes_ : limit_bytes_ / 4 * 3;
    if (size_bytes > most_bytes || taken_bytes_ > most_bytes - size_bytes) return nullptr;
    if (own_bytes > 0 && own_bytes + size_bytes > limit_bytes_ / 8) return nullptr;
    auto hold = std::make_shared<const Hold>(*this, peer, size_bytes);
    by_peer_[peer] = own_bytes + size_bytes;
    taken_bytes_ += size_bytes;
    return hold;
  }

 private:
  void give_back(const std::string& peer, std::uint64_t size_bytes) {
    const std::lock_guard lock(mutex_);
    taken_bytes_ -= size_bytes;
    const auto found = by_peer_.find(peer);
    if (found == by_peer_.end()) return;  // a hold on nothing
    found->second -= size_bytes;
    if (found->second == 0) by_peer_.erase(found);
  }

  const std::uint64_t limit_bytes_;
  std::mutex mutex_;
  std::uint64_t taken_bytes_ = 0;
  std::map<std::string, std::uint64_t> by_peer_;  // of those who have some
};

}  // namespace covey::coordinator
