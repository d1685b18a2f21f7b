#include "relayd/net/ledger/shared_doubts.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/ledger/shared_doubt_text.h"

namespace tsmtp::net {
namespace {

// A hub asks for no longer (TransactionLedger::kDoubtAge), and begins another lease every day: a doubt of a
// lease's last hour still stands for so long.
constexpr std::chrono::hours kLeaseUsed{24};
constexpr std::chrono::hours kLeaseLives{24 * 7 + 24 + 1};
// Of what etcd takes in a transaction as it comes (--max-txn-ops 128), with room for others beside it.
constexpr std::size_t kRecipientsAtOnce = 40;
constexpr std::size_t kErasedAtOnce = 64;
// A part is tried anew when what stands in its way is ours, and most likely gone.
constexpr int kMostTries = 3;

}  // namespace

struct SharedDoubts::Recording {
  std::string site;
  std::string transaction;
  std::vector<ledger::DoubtfulRecipient> recipients;
  ledger::DoubtPlace place;
  Done done;
  std::size_t open = 0;  // parts
  bool is_tried_before = false;
  bool may_be_there = false;
  std::optional<std::string> failure{};
};

SharedDoubts::SharedDoubts(etcd::Store& store, ledger::Doubts& doubts, DigestKeyHolder& key,
                           Settings settings, base::Logger& log)
    : store_(store),
      doubts_(doubts),
      settings_(std::move(settings)),
      log_(log),
      key_(store, key, doubts, settings_.prefix, log) {
  doubts_.on_erased([this](const ledger::DoubtKey& doubt, const std::string& site, const std::string& mail) {
    erased(doubt, site, mail);
  });
}

SharedDoubts::~SharedDoubts() {
  doubts_.on_erased({});
  lifetime_.end();
}

void SharedDoubts::record(const std::string& site, const std::string& transaction,
                          const std::vector<ledger::DoubtfulRecipient>& recipients, Done done,
                          const ledger::DoubtPlace& place) {
  never_there_.erase(transaction);
  auto recording = std::make_shared<Recording>(Recording{.site = site,
                                                         .transaction = transaction,
                                                         .recipients = recipients,
                                                         .place = place,
                                                         .done = std::move(done)});
  when_ready([this, recording](const base::Result<void>& ready) {
    if (ready) return begin(recording);
    recording->failure = ready.error().message;
    end(*recording);
  });
}

void SharedDoubts::when_ready(Ready ready) {
  waiting_.push_back(std::move(ready));
  prepare();
}

// Without the site's key and a lease there is nothing to be written.
void SharedDoubts::prepare() {
  if (waiting_.empty() || is_agreeing_) return;
  if (key_.is_agreed()) return lease_ == 0 ? grant() : tell({});
  is_agreeing_ = true;
  key_.agree([this](const base::Result<void>& agreed) {
    is_agreeing_ = false;
    if (!agreed) return tell(agreed);
    prepare();
  });
}

void SharedDoubts::grant() {
  if (std::exchange(is_granting_, true)) return;
  store_.grant(kLeaseLives,
               lifetime_.guard([this](const boost::system::result<etcd::Lease, etcd::Failure>& granted) {
                 is_granting_ = false;
                 if (!granted && lease_ == 0) return tell(base::Error{granted.error().cause});
                 if (granted) lease_ = *granted;
                 granted_.reset();  // or it is tried again a day later, which is in time
                 prepare();
               }));
}

void SharedDoubts::tell(const base::Result<void>& ready) {
  for (const Ready& waiting : std::exchange(waiting_, {}))
    waiting(ready);
}

void SharedDoubts::begin(const std::shared_ptr<Recording>& recording) {
  const std::size_t count = recording->recipients.size();
  recording->open = (count + kRecipientsAtOnce - 1) / kRecipientsAtOnce;
  for (std::size_t i = 0; i < count; i += kRecipientsAtOnce)
    submit({.of = recording, .begin = i, .end = std::min(count, i + kRecipientsAtOnce)});
}

// Nothing is written unless no other try of any of these mails is there, and the digests are of the key by
// which other hubs look for them.
void SharedDoubts::submit(const Part& part) {
  const Recording& recording = *part.of;
  etcd::Transaction transaction;
  transaction.when.push_back(key_.is_still_ours());
  for (std::size_t i = part.begin; i < part.end; ++i) {
    const ledger::DoubtfulRecipient& recipient = recording.recipients[i];
    auto range = etcd::all_below(shared_doubts_of_mail(settings_.prefix, recording.site, recipient.mail));
    transaction.when.push_back({.range = range});
    transaction.then.emplace_back(
        etcd::Put{.key = shared_doubt_key(settings_.prefix, recording.site, recipient.mail,
                                          {.transaction = recording.transaction, .index = recipient.index}),
                  .value = shared_doubt_value({.recorded = wall_now(),
                                               .recipients = recording.recipients.size(),
                                               .address = recipient.address,
                                               .hub = settings_.hub,
                                               .place = recording.place}),
                  .lease = lease_});
    transaction.otherwise.emplace_back(etcd::Get{.range = std::move(range)});
  }
  store_.submit(std::move(transaction),
                lifetime_.guard([this, part](const etcd::Result& result) { answered(part, result); }));
}

void SharedDoubts::answered(Part part, const etcd::Result& result) {
  if (result && !result->held) return found(std::move(part), result->got);
  part.of->may_be_there |= result || result.error().may_be_done;
  if (!result) {
    part.of->failure = result.error().cause;
    // It may be the lease, or the key, that etcd does not have any more.
    if (!result.error().may_be_done) {
      key_.doubt_it();
      lease_ = 0;
    }
  }
  part_is_over(part.of);
}

void SharedDoubts::found(Part part, const std::vector<std::vector<etcd::KeyValue>>& got) {
  Recording& recording = *part.of;
  bool is_anything = false;
  std::size_t own = 0;
  std::vector<std::string> over;
  for (std::size_t i = 0; i < got.size() && part.begin + i < part.end; ++i) {
    const std::string& mail = recording.recipients[part.begin + i].mail;
    const std::string of_mail = shared_doubts_of_mail(settings_.prefix, recording.site, mail);
    for (const etcd::KeyValue& entry : got[i]) {
      is_anything = true;
      const auto doubt = read_shared_doubt(of_mail, mail, entry.key, entry.value);
      if (!doubt) {
        recording.failure = "etcd has a doubt that cannot be understood, key " + base::escaped(entry.key);
      } else if (doubt->key.transaction == recording.transaction) {
        recording.may_be_there = true;
        ++own;
      } else if (erasing_.contains(entry.key)) {
        over.push_back(entry.key);
      } else {
        doubts_.add_foreign(recording.site, *doubt);
        recording.is_tried_before = true;
      }
    }
  }
  if (recording.is_tried_before || recording.failure) return part_is_over(part.of);
  if (own == part.end - part.begin && over.empty()) return part_is_over(part.of);  // asked twice
  if (is_anything) return erase(over, [this, part = std::move(part)] { try_again(part); });
  key_.doubt_it();
  try_again(std::move(part));
}

void SharedDoubts::try_again(Part part) {
  if (++part.tries >= kMostTries) {
    part.of->failure = "etcd has what it was told to erase, or has lost the key of digests";
    return part_is_over(part.of);
  }
  when_ready([this, part = std::move(part)](const base::Result<void>& ready) {
    if (ready) return submit(part);
    part.of->failure = ready.error().message;
    part_is_over(part.of);
  });
}

void SharedDoubts::part_is_over(const std::shared_ptr<Recording>& recording) {
  if (--recording->open == 0) end(*recording);
}

// A try that was found counts, whatever else could not be asked: nothing goes out before that one's end is
// known.
void SharedDoubts::end(Recording& recording) {
  if (!recording.may_be_there) never_there_[recording.transaction] = recording.recipients.size();
  if (recording.failure) {
    failed(*recording.failure);
  } else {
    succeeded();
  }
  if (recording.is_tried_before) {
    ++tried_before_;
    return recording.done(Recorded::kTriedBefore);
  }
  if (!recording.failure) return recording.done(Recorded::kFirstTry);
  if (!settings_.goes_on_alone) return recording.done(error(*recording.failure));
  ++alone_;
  recording.done(Recorded::kAlone);
}

void SharedDoubts::erased(const ledger::DoubtKey& key, const std::string& site, const std::string& mail) {
  if (const auto never = never_there_.find(key.transaction); never != never_there_.end()) {
    if (--never->second == 0) never_there_.erase(never);
    return;
  }
  if (erasing_.size() >= kMostToErase) return;
  erase({shared_doubt_key(settings_.prefix, site, mail, key)});
}

void SharedDoubts::erase(const std::vector<std::string>& keys, std::function<void()> then) {
  if (keys.empty()) return then();
  etcd::Transaction transaction;
  for (const std::string& key : keys) {
    erasing_[key] = true;
    transaction.then.emplace_back(etcd::Delete{.range = {.key = key}});
  }
  store_.submit(std::move(transaction),
                lifetime_.guard([this, keys, then = std::move(then)](const etcd::Result& result) {
                  for (const std::string& key : keys) {
                    if (result) {
                      erasing_.erase(key);
                    } else {
                      erasing_[key] = false;
                    }
                  }
                  if (then) then();
                }));
}

void SharedDoubts::tick(base::TimePoint now) {
  if (!granted_) granted_ = now;
  if (lease_ != 0 && now - *granted_ >= kLeaseUsed) grant();
  if ((trouble_ || lease_ == 0) && waiting_.empty()) {
    key_.doubt_it();  // so that etcd is asked
    when_ready([this](const base::Result<void>& ready) {
      if (ready) return succeeded();
      failed(ready.error().message);
    });
  }
  std::vector<std::string> keys;
  for (const auto& [key, is_asked] : erasing_)
    if (!is_asked && keys.size() < kErasedAtOnce) keys.push_back(key);
  if (!keys.empty()) erase(keys);
}

void SharedDoubts::failed(const std::string& cause) {
  if (!trouble_)
    log_.log(base::LogLevel::kError,
             "doubts cannot be shared with our site's other hubs: " + cause + "; mails " +
                 (settings_.goes_on_alone ? "go on, and may be delivered twice if another hub takes them over"
                                          : "are put off until they can"));
  if (!trouble_) trouble_ = etcd::Trouble{.cause = {}, .since = wall_now()};
  trouble_->cause = cause;
}

void SharedDoubts::succeeded() {
  if (!trouble_) return;
  log_.log(base::LogLevel::kInfo,
           "doubts are shared with our site's other hubs again, which they were not since " +
               base::time_of_day(trouble_->since, wall_now()));
  trouble_.reset();
}

base::Error SharedDoubts::error(const std::string& cause) const {
  return base::Error{"hub " + settings_.hub + ": sharing of doubts is down since " +
                     base::time_of_day(trouble_->since, wall_now()) + " (" + cause + ")"};
}

}  // namespace tsmtp::net
