#include "relayd/net/io/memory_reserve.h"

#include <sys/mman.h>

#include <atomic>
#include <new>

namespace tsmtp::net {
namespace {

constexpr std::size_t kBytes = std::size_t{8} << 20;

// Address space alone: pages that nobody writes to cost no memory.
std::atomic<void*> reserve{nullptr};

void* mapped(std::size_t bytes) {
  void* const at =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

bool give_up() {
  void* const held = reserve.exchange(nullptr);
  return held != nullptr && munmap(held, kBytes) == 0;
}

// operator new tries again when it returns.
void on_no_memory() {
  if (!give_up()) throw std::bad_alloc();
}

}  // namespace

MemoryReserve::MemoryReserve() {
  give_up();
  reserve = mapped(kBytes);
  std::set_new_handler(on_no_memory);
}

MemoryReserve::~MemoryReserve() {
  std::set_new_handler(nullptr);
  give_up();
}

bool MemoryReserve::is_held() const {
  return reserve != nullptr;
}

bool MemoryReserve::refill() {
  if (is_held()) return true;
  void* const twice = mapped(2 * kBytes);
  if (twice == nullptr) return false;
  munmap(static_cast<char*>(twice) + kBytes, kBytes);
  reserve = twice;
  return true;
}

}  // namespace tsmtp::net
