import java.io.FileInputStream;
import java.util.LinkedHashSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** Validates each file by veraPDF: java -cp JAR ValidatePdfA.java FLAVOUR FILE...; one line a file, then what fails. */
public class ValidatePdfA {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.fromString(arguments[0]);
        for (int index = 1; index < arguments.length; index++) {
            try (PDFAParser parser = Foundries.defaultInstance().createParser(new FileInputStream(arguments[index]), flavour);
                    PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                ValidationResult result = validator.validate(parser);
                System.out.println((result.isCompliant() ? "PASS " : "FAIL ") + result.getTotalAssertions());
                LinkedHashSet<String> said = new LinkedHashSet<>();
                for (TestAssertion one : result.getTestAssertions()) {
                    if (one.getStatus() == TestAssertion.Status.FAILED) {
                        said.add("  " + one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber() + " " + one.getMessage());
                    }
                }
                said.forEach(System.out::println);
            }
        }
    }
}
