#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace covey::coordinator {

// How many bytes of messages may be under way at once, over all calls. Thread-safe; must outlive
// its holds.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t limit_bytes) : left_bytes_(limit_bytes) {}

  class Hold {
   public:
    Hold(ByteBudget& budget, std::uint64_t size_bytes) : budget_(budget), size_bytes_(size_bytes) {}
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { budget_.left_bytes_ += size_bytes_; }

   private:
    ByteBudget& budget_;
    std::uint64_t size_bytes_;
  };
  // Shared by the copies that std::function makes of what holds it.
  using SharedHold = std::shared_ptr<const Hold>;

  // Null when there is no room.
  SharedHold take(std::uint64_t size_bytes) {
    std::uint64_t left = left_bytes_;
    do {
      if (size_bytes > left) return nullptr;
    } while (!left_bytes_.compare_exchange_weak(left, left - size_bytes));
    return std::make_shared<const Hold>(*this, size_bytes);
  }

 private:
  std::atomic<std::uint64_t> left_bytes_;
};

}  // namespace covey::coordinator
