#include "bench/memory_account.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace covey::bench {
namespace {

thread_local MemoryAccount* open_account = nullptr;

// Stands before each block; as large as the strictest alignment that plain operator new promises.
struct alignas(2 * sizeof(std::max_align_t)) Header {
  MemoryAccount* account;
  std::size_t size_bytes;
};

void* allocate(std::size_t size_bytes) {
  auto* header = static_cast<Header*>(std::aligned_alloc(
      alignof(Header),
      (sizeof(Header) + size_bytes + alignof(Header) - 1) / alignof(Header) * alignof(Header)));
  if (header == nullptr) std::abort();
  *header = {open_account, size_bytes};
  if (open_account != nullptr) {
    open_account->held_bytes += size_bytes;
    open_account->peak_bytes = std::max(open_account->peak_bytes, open_account->held_bytes);
  }
  return header + 1;
}

void release(void* block) {
  if (block == nullptr) return;
  auto* header = static_cast<Header*>(block) - 1;
  if (header->account != nullptr) header->account->held_bytes -= header->size_bytes;
  std::free(header);
}

}  // namespace

OpenAccount::OpenAccount(MemoryAccount* account) : previous_(open_account) {
  open_account = account;
}
OpenAccount::~OpenAccount() { open_account = previous_; }

}  // namespace covey::bench

void* operator new(std::size_t size_bytes) { return covey::bench::allocate(size_bytes); }
void* operator new[](std::size_t size_bytes) { return covey::bench::allocate(size_bytes); }
void operator delete(void* block) noexcept { covey::bench::release(block); }
void operator delete[](void* block) noexcept { covey::bench::release(block); }
void operator delete(void* block, std::size_t) noexcept { covey::bench::release(block); }
void operator delete[](void* block, std::size_t) noexcept { covey::bench::release(block); }
