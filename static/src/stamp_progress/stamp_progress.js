import { Component, onMounted, onWillUnmount, xml } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

const AT_WORK = ["checking", "stamping"];
const PAUSE = 500;

/**
 * Moves the stamping wizard on while it is shown: each call checks or stamps for some seconds, and the form is read
 * again. A job does the same work meanwhile, and when nobody looks.
 */
export class StampProgress extends Component {
    static template = xml``;
    static props = { "*": true };

    setup() {
        this.orm = useService("orm");
        this.shown = true;
        onMounted(() => this.run());
        onWillUnmount(() => {
            this.shown = false;
        });
    }

    async run() {
        const record = this.props.record;
        while (this.shown && record.resId) {
            if (AT_WORK.includes(record.data.stage)) {
                await this.orm.silent.call("customer.stamp", "advance", [record.resId]);
                if (!this.shown) {
                    return;
                }
                await record.load();
            }
            await new Promise((resolve) => setTimeout(resolve, PAUSE));
        }
    }
}

registry.category("view_widgets").add("customer_stamp_progress", { component: StampProgress });
