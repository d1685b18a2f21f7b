// The domains of a site that stand in a file of their own (domains_file), which a program keeps: a domain a
// line, lines that are empty or begin with '#' left out.
#pragma once

#include <optional>
#include <string>

#include "relayd/base/diagnostic.h"
#include "relayd/settings/config.h"
#include "relayd/settings/relations.h"

namespace tsmtp::settings {

/// Reads a file; nullopt and an error if it cannot. Without one, none is read.
using ReadText = std::optional<std::string> (*)(const std::string& path, base::Diagnostics& out);

/// Fills in the domains of each site that has a domains_file, relative to `config.file`, and says which have
/// both, or neither.
void read_domain_files(Config& config, const ConfigPlaces& places, ReadText read_text,
                       base::Diagnostics& out);

}  // namespace tsmtp::settings
