#include "relayd/net/ledger/digest_keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/ledger/transaction_ledger.h"

namespace tsmtp::net {
namespace {

constexpr char kUsed[] = "/digest.key";
constexpr char kEarlier[] = "/digest-earlier.key";
constexpr char kCheck[] = "/digest.check";
constexpr std::size_t kNameBytes = 8;

}  // namespace

base::Result<std::unique_ptr<DigestKeys>> DigestKeys::open(const std::string& dir) {
  std::unique_ptr<DigestKeys> keys(new DigestKeys(dir));
  auto used = HmacDigestMaker::open(dir + kUsed);
  if (!used) return used.error();
  keys->used_ = std::move(*used);
  struct stat replaced {};
  if (stat((dir + kEarlier).c_str(), &replaced) != 0) return keys;
  auto earlier = HmacDigestMaker::open(dir + kEarlier);
  if (!earlier) return earlier.error();
  keys->earlier_ = std::move(*earlier);
  keys->earlier_until_ =
      std::chrono::system_clock::from_time_t(replaced.st_mtime) + TransactionLedger::kDoubtAge;
  return keys;
}

void DigestKeys::forget_earlier() {
  if (!earlier_) return;
  ::unlink((dir_ + kEarlier).c_str());
  old_.push_back(std::move(earlier_));
}

const base::DigestMaker* DigestKeys::earlier() const {
  return earlier_ && wall_now() < earlier_until_ ? earlier_.get() : nullptr;
}

std::string DigestKeys::key_name() const {
  return base::hex(used_->digest("tsmtp: name of the key of digests").substr(0, kNameBytes));
}

// The one in use is on disk as the earlier one before it is replaced: a crash loses neither.
base::Result<void> DigestKeys::adopt(const std::string& key, bool is_in_doubt) {
  std::unique_ptr<HmacDigestMaker> earlier;
  if (is_in_doubt) {
    auto written = HmacDigestMaker::replace(dir_ + kEarlier, used_->key());
    if (!written) return written.error();
    earlier = std::move(*written);
  }
  auto used = HmacDigestMaker::replace(dir_ + kUsed, key);
  if (!used) return used.error();
  ::unlink((dir_ + kCheck).c_str());  // it would call the new key a wrong one
  old_.push_back(std::exchange(used_, std::move(*used)));
  if (!earlier) return {};
  if (earlier_) old_.push_back(std::move(earlier_));
  earlier_ = std::move(earlier);
  earlier_until_ = wall_now() + TransactionLedger::kDoubtAge;
  return {};
}

}  // namespace tsmtp::net
