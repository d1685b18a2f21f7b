#include "relayd/net/ledger/doubt_recording.h"

#include <memory>
#include <optional>
#include <utility>

namespace tsmtp::net {
namespace {

using Recorded = SharedDoubts::Recorded;

struct Recording {
  SharedDoubts::Done done;
  std::optional<base::Result<void>> here{};
  std::optional<base::Result<Recorded>> shared{};

  // What another hub has tried is asked for even if nothing can be written here: its reply may be there to be
  // told.
  void answered() const {
    if (!here || !shared) return;
    const bool is_tried_before = *shared && **shared == Recorded::kTriedBefore;
    done(*here || is_tried_before ? *shared : base::Result<Recorded>(here->error()));
  }
};

}  // namespace

void record_in_both(const DoubtToRecord& doubt, const BothLedgers& ledgers, SharedDoubts::Done done) {
  const auto recording = std::make_shared<Recording>(Recording{.done = std::move(done)});
  ledgers.ledger.record_doubt(
      doubt.site, doubt.transaction, doubt.recipients,
      [recording](const base::Result<void>& result) {
        recording->here = result;
        recording->answered();
      },
      ledgers.client, doubt.place);
  ledgers.shared.record(
      doubt.site, doubt.transaction, doubt.recipients,
      [recording](const base::Result<Recorded>& result) {
        recording->shared = result;
        recording->answered();
      },
      doubt.place);
}

}  // namespace tsmtp::net
