import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { _t } from "@web/core/l10n/translation";
import { normalize } from "@web/core/l10n/utils/normalize";
import { registry } from "@web/core/registry";
import { useChildRef, useService } from "@web/core/utils/hooks";
import { CharField, charField } from "@web/views/fields/char/char_field";
import { useInputField } from "@web/views/fields/input_field_hook";

// The drop-down covers the form below it; who looks for another colonia types a part of its name.
const MOST = 30;

/**
 * The colonia of an address: offers those of the postal code and takes any other text.
 *
 * Options: `zip_field` and `country_field`, the names of the fields that say where (default: zip, country_id).
 */
export class ColonyField extends CharField {
    static template = "l10n_mx_customer.ColonyField";
    static components = { ...CharField.components, AutoComplete };
    static props = {
        ...CharField.props,
        zipField: { type: String, optional: true },
        countryField: { type: String, optional: true },
    };
    static defaultProps = {
        ...CharField.defaultProps,
        zipField: "zip",
        countryField: "country_id",
    };

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.input = useChildRef();
        this.known = {};
        useInputField({
            ref: this.input,
            getValue: () => this.props.record.data[this.props.name] || "",
            parse: (value) => this.parse(value),
        });
    }

    get sources() {
        return [
            {
                options: (request) => this.suggest(request),
                placeholder: _t("Loading..."),
            },
        ];
    }

    async suggest(request) {
        const wanted = normalize(request || "");
        const names = await this.colonies();
        return names
            .filter((name) => normalize(name).includes(wanted))
            .slice(0, MOST)
            .map((name) => ({
                label: name,
                onSelect: () => this.props.record.update({ [this.props.name]: name }),
            }));
    }

    colonies() {
        const data = this.props.record.data;
        const zip = data[this.props.zipField];
        if (!zip) {
            return [];
        }
        const country = data[this.props.countryField]?.id || false;
        const key = `${zip} ${country}`;
        this.known[key] ??= this.orm
            .silent.call("res.partner", "colony_suggestions", [zip, country])
            // Without suggestions the field is a plain one.
            .catch(() => []);
        return this.known[key];
    }
}

export const colonyField = {
    ...charField,
    component: ColonyField,
    displayName: _t("Colonia of the postal code"),
    supportedTypes: ["char"],
    supportedOptions: [
        ...charField.supportedOptions,
        { label: _t("Postal code field"), name: "zip_field", type: "field", availableTypes: ["char"] },
        { label: _t("Country field"), name: "country_field", type: "field", availableTypes: ["many2one"] },
    ],
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...charField.extractProps(fieldInfo, dynamicInfo),
        zipField: fieldInfo.options.zip_field || "zip",
        countryField: fieldInfo.options.country_field || "country_id",
    }),
};

registry.category("fields").add("l10n_mx_colony", colonyField);
