#include "relayd/ledger/commit_book.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "relayd/base/system_cause.h"
#include "relayd/ledger/owners.h"

namespace tsmtp::ledger {
namespace {

constexpr std::size_t kFrontBytes = alignof(CommitSlot);
constexpr std::size_t kFileBytes = kFrontBytes + CommitBook::kSlots * sizeof(CommitSlot);
constexpr std::string_view kMagic = "tsmtp commits 1\n";

base::Error failed(const std::string& what, const std::string& path, int error) {
  return base::Error{what + " " + path + ": " + base::system_cause(error)};
}

}  // namespace

static_assert(sizeof(CommitSlot) == 4096 && std::atomic<std::uint32_t>::is_always_lock_free);

void CommitSlot::open(std::uint32_t connection, const Origin& site, const std::string& transaction,
                      const std::vector<std::uint16_t>& refused) {
  is_sent_ = false;
  connection_ = connection;
  refused_count_ = static_cast<std::uint16_t>(std::min(refused.size(), kMaxRefused));
  std::copy_n(refused.begin(), refused_count_, refused_);
  std::fill(std::copy_n(transaction.begin(), std::min(transaction.size(), kTransactionBytes), transaction_),
            std::end(transaction_), '\0');
  std::string text = site.name.substr(0, kMaxSiteBytes);
  if (text.size() < sizeof site_ - kPinBytes) text += '\0' + site.pin;
  std::fill(std::copy_n(text.begin(), std::min(text.size(), sizeof site_), site_), std::end(site_), '\0');
  std::fill(std::begin(reply_), std::end(reply_), '\0');
  state_ = kOpen;
}

bool CommitSlot::is_about(std::string_view site, std::string_view transaction) const {
  return is_used() && std::string_view(transaction_, kTransactionBytes) == transaction &&
         this->site() == site;
}

std::string CommitSlot::site() const {
  return {site_, strnlen(site_, kMaxSiteBytes)};
}

std::string CommitSlot::pin() const {
  const std::size_t begin = site().size() + 1;
  if (begin + kPinBytes > sizeof site_) return {};
  std::string pin(site_ + begin, kPinBytes);
  return pin == std::string(kPinBytes, '\0') ? std::string() : pin;
}

std::vector<std::uint16_t> CommitSlot::refused() const {
  const std::size_t count = std::min<std::size_t>(refused_count_, kMaxRefused);
  return {refused_, refused_ + count};
}

std::string_view CommitSlot::reply() const {
  return {reply_, strnlen(reply_, sizeof reply_)};
}

std::span<char> CommitSlot::reply_room() {
  return std::span(reply_).subspan(reply().size());
}

base::Result<std::unique_ptr<CommitBook>> CommitBook::make(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("cannot make", path, errno);
  std::unique_ptr<CommitBook> book(new CommitBook(path, fd));
  // A page that finds no room on the disk when it is written to would kill us (SIGBUS): neither holes, nor,
  // on btrfs, a new copy for each write.
  int flags = 0;
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_NOCOW_FL;
    static_cast<void>(ioctl(fd, FS_IOC_SETFLAGS, &flags));  // other file systems know no such flag
  }
  int error = posix_fallocate(fd, 0, kFileBytes);
  if (error == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) error = errno;
  if (error == 0 && pwrite(fd, kMagic.data(), kMagic.size(), 0) != static_cast<ssize_t>(kMagic.size()))
    error = errno;
  if (error != 0) {
    book->remove();
    return failed("cannot write", path, error);
  }
  if (auto ok = book->map(); !ok) return ok.error();
  for (std::size_t i = kSlots; i > 0; --i)  // the first first: memory that is not used is not touched
    book->free_.push_back(&book->slots_[i - 1]);
  return book;
}

base::Result<std::unique_ptr<CommitBook>> CommitBook::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return failed("cannot open", path, errno);
  return take_over(fd, path);
}

base::Result<std::unique_ptr<CommitBook>> CommitBook::take_over(int fd, const std::string& path) {
  std::unique_ptr<CommitBook> book(new CommitBook(path, fd));
  struct stat status {};
  std::array<char, kMagic.size()> magic{};
  const bool is_one = fstat(fd, &status) == 0 && static_cast<std::size_t>(status.st_size) == kFileBytes &&
                      pread(fd, magic.data(), magic.size(), 0) == static_cast<ssize_t>(magic.size()) &&
                      std::string_view(magic.data(), magic.size()) == kMagic;
  if (!is_one) return base::Error{path + " is no book of commits of relayd"};
  if (auto ok = book->map(); !ok) return ok.error();
  return book;
}

base::Result<void> CommitBook::map() {
  void* const memory = mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
  if (memory == MAP_FAILED) return failed("cannot map", path_, errno);
  memory_ = memory;
  slots_ = reinterpret_cast<CommitSlot*>(static_cast<char*>(memory) + kFrontBytes);
  return {};
}

CommitBook::~CommitBook() {
  if (memory_ != nullptr) munmap(memory_, kFileBytes);
  ::close(fd_);
}

bool CommitBook::is_alive() const {
  // Another failure than EWOULDBLOCK proves nothing, and a book that is taken in too early makes duplicates.
  if (flock(fd_, LOCK_SH | LOCK_NB) != 0) return true;
  flock(fd_, LOCK_UN);
  return false;
}

CommitSlot* CommitBook::take() {
  if (free_.empty()) return nullptr;
  CommitSlot* const slot = free_.back();
  free_.pop_back();
  return slot;
}

void CommitBook::give_back(CommitSlot& slot) {
  slot.free();
  free_.push_back(&slot);
}

bool CommitBook::has_used_slots() const {
  return std::any_of(slots().begin(), slots().end(), [](const CommitSlot& slot) { return slot.is_used(); });
}

void CommitBook::remove() const {
  unlink(path_.c_str());
}

}  // namespace tsmtp::ledger
