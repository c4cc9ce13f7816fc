/* verb_clients.h: clients that the configuration does not name: added to the running fleet, and taken away.
 *
 *   add-client NAME [group=GROUP] [like=CLIENT]   a first worker, with the settings of `like`, else with what
 *                                                 holds for all; in GROUP, which may have spaces, else
 *                                                 in one of its own; answered when it works
 *   remove-client NAME                            one that was added so: finishes, commits, leaves the group
 *
 * An added client lasts as long as this supervisor. A reload leaves it, and takes over one that the file
 * names by then.
 */
#ifndef KSUPERVISE_SUPERVISOR_CONTROL_VERB_CLIENTS_H
#define KSUPERVISE_SUPERVISOR_CONTROL_VERB_CLIENTS_H

#include "supervisor/control/request.h"

/* Both become a rollout (rollout.h): verb_rollout_check says when they are done. */
enum progress verb_add_client_begin(struct request *request, struct error *error);
enum progress verb_remove_client_begin(struct request *request, struct error *error);

#endif
